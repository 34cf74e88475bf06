"""Optuna's study of a tuning job: made anew from the trials for every question, so that nothing but the trials has to
be kept.
"""

from typing import Any

import optuna

from local_test.tuning.objective import maximises

optuna.logging.set_verbosity(optuna.logging.WARNING)  # else every study puts lines into the service's log


def new_study(
    config: dict[str, Any], sampler: optuna.samplers.BaseSampler, pruner: optuna.pruners.BasePruner | None = None
) -> optuna.Study:
    """config: HyperParameterTuningJobConfig with a RandomSeed. In memory, without a trial."""
    return optuna.create_study(
        direction="maximize" if maximises(config) else "minimize",
        sampler=sampler,
        pruner=pruner,
        study_name=str(config["RandomSeed"]),  # Hyperband's brackets follow from the name
    )
