"""Which hyperparameters the next trial gets. Pure functions of the request and of the trials so far.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from local_test.tuning import ranges
from local_test.tuning.ranges import CategoricalRange, ContinuousRange, Range
from local_test.tuning.trials import Trial, maximises

optuna.logging.set_verbosity(optuna.logging.WARNING)  # else every study puts lines into the service's log

# Optuna's default is 10 random trials before the model has a say. Tuning jobs often have no more than 10 to 30 trials,
# and there 5 found better values on smooth functions of 1, 2 and 5 hyperparameters.
OBSERVATIONS_FOR_A_MODEL = 5
DRAWS = 20  # before an untried combination is looked up instead


def new_study(
    config: dict[str, Any], sampler: BaseSampler, pruner: optuna.pruners.BasePruner | None = None
) -> optuna.Study:
    """Optuna's study of a tuning job, in memory and without a trial: made anew from the trials for every question, so
    that nothing but the trials has to be kept. config: HyperParameterTuningJobConfig with a RandomSeed.
    """
    return optuna.create_study(
        direction="maximize" if maximises(config) else "minimize",
        sampler=sampler,
        pruner=pruner,
        study_name=str(config["RandomSeed"]),  # Hyperband's brackets follow from the name
    )


def check(config: dict[str, Any]) -> None:
    """config: HyperParameterTuningJobConfig. Raises ValueError for ranges, or for a grid, that AWS refuses."""
    given = config.get("ParameterRanges", {})
    ranges.check(given)
    if config["Strategy"] == "Grid":
        for one in ranges.read(given):
            if not isinstance(one, CategoricalRange):
                raise ValueError(
                    f"Strategy Grid is for categorical ranges only: list the values of {one.name} in "
                    "CategoricalParameterRanges."
                )
        most = config["ResourceLimits"].get("MaxNumberOfTrainingJobs")
        if most is not None and most != grid_size(config):
            raise ValueError(
                f"MaxNumberOfTrainingJobs is {most}, and the grid has {grid_size(config)} combinations: "
                "with Strategy Grid leave it out, or give their number."
            )


def grid_size(config: dict[str, Any]) -> int:
    """The number of combinations of a config that has passed `check` with Strategy Grid: of training jobs that it
    takes.
    """
    return int(_combinations(ranges.read(config["ParameterRanges"])))


def combinations(config: dict[str, Any]) -> float:
    """Of values of the ranges; infinite with a continuous one."""
    return _combinations(ranges.read(config["ParameterRanges"]))


def propose(
    config: dict[str, Any], number: int, trials: Iterable[Trial], parents: Iterable[Trial]
) -> dict[str, str] | None:
    """Hyperparameters of trial `number`, which is from 1. None when nothing is left to try: a grid at its end.

    config: HyperParameterTuningJobConfig that has passed `check`, with a RandomSeed (KeyError without). trials: of this
    tuning job, ended or running; those from `number` on are not looked at. parents: ended trials of the tuning jobs
    that this one starts from.

    The same arguments give the same proposal. Each strategy but Grid draws with a seed of (RandomSeed, number).

    - Grid: every combination once, in the order of the ranges, the last one changing fastest.
    - Random and Hyperband (https://arxiv.org/abs/1603.06560): neither results nor timing nor parents count.
    - Bayesian: Optuna's tree-structured Parzen estimator over all hyperparameters jointly. AWS's own is a Gaussian
      process; the proposals are not AWS's. Trials that run are taken for bad ones, so that parallel trials keep apart.
      A stopped trial is an observation that ranks behind the completed ones, since its last value is of an earlier
      epoch. A trial without an objective has failed and says nothing. A parent's trial counts when it has a value
      within the range for every hyperparameter; others that it had do not matter.

    No trial gets the hyperparameters of an earlier one while another combination is left: the result would be known.
    When all have been tried, as can be with categorical and integer ranges, combinations come again.
    """
    found = ranges.read(config["ParameterRanges"])
    if config["Strategy"] == "Grid":
        return _combination(found, number - 1) if number <= grid_size(config) else None
    earlier = sorted((trial for trial in trials if trial.number < number), key=lambda trial: trial.number)
    seed = int(np.random.SeedSequence([config["RandomSeed"], number]).generate_state(1)[0])
    sampler: BaseSampler
    if config["Strategy"] == "Bayesian":
        sampler = TPESampler(
            seed=seed, multivariate=True, constant_liar=True, n_startup_trials=OBSERVATIONS_FOR_A_MODEL
        )
        observations = [_observation(trial, found) for trial in (*parents, *earlier)]
    else:
        sampler, observations = RandomSampler(seed=seed), []
    return _draw(config, found, sampler, [one for one in observations if one], earlier, seed)


def _draw(
    config: dict[str, Any],
    found: Sequence[Range],
    sampler: BaseSampler,
    observations: list[FrozenTrial],
    earlier: list[Trial],
    seed: int,
) -> dict[str, str]:
    study = new_study(config, sampler)
    study.add_trials(observations)
    distributions = {one.name: one.distribution for one in found}
    tried = {tuple(trial.hyperparameters[one.name] for one in found) for trial in earlier}
    size = _combinations(found)
    for _ in range(DRAWS):
        drawn = study.ask(distributions).params
        proposal = {one.name: one.text(drawn[one.name]) for one in found}
        if tuple(proposal.values()) not in tried or len(tried) >= size:
            return proposal
    # So many draws repeat what there is only when few combinations are left.
    candidates = (_combination(found, (seed + step) % int(size)) for step in range(len(tried) + 1))
    return next(candidate for candidate in candidates if tuple(candidate.values()) not in tried)


def _combinations(found: Sequence[Range]) -> float:
    # Not the product alone: integers may be too large to be multiplied with a float.
    return math.inf if any(isinstance(one, ContinuousRange) for one in found) else math.prod(one.size for one in found)


def _combination(found: Sequence[Range], index: int) -> dict[str, str]:
    """index: from 0, in the order of the ranges, the last one changing fastest."""
    texts = []
    for one in reversed(found):
        assert not isinstance(one, ContinuousRange)  # those have no end of combinations
        index, place = divmod(index, one.size)
        texts.append((one.name, one.text_at(place)))
    return dict(reversed(texts))


def _observation(trial: Trial, found: Sequence[Range]) -> FrozenTrial | None:
    """The trial as Optuna knows it; None when a value is missing or outside its range."""
    if not all(one.name in trial.hyperparameters for one in found):
        return None
    params = {one.name: one.coordinate(trial.hyperparameters[one.name]) for one in found}
    if None in params.values():
        return None
    state, value, intermediate = TrialState.COMPLETE, trial.objective, None
    if not trial.has_ended:
        state, value = TrialState.RUNNING, None
    elif trial.objective is None:
        state = TrialState.FAIL
    elif trial.status == "Stopped":
        state, value, intermediate = TrialState.PRUNED, None, {len(trial.values): trial.objective}
    distributions = {one.name: one.distribution for one in found}
    return create_trial(
        state=state, value=value, params=params, distributions=distributions, intermediate_values=intermediate
    )
