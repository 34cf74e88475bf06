"""Strategy Hyperband: when a trial has had its share of epochs.

Li and others, 2018, https://arxiv.org/abs/1603.06560, as Optuna's HyperbandPruner does it: asynchronously, one trial
after the other. A trial belongs to a bracket. At each rung of the bracket, which is 3 times as many epochs as the one
before, it continues when it is among the best third of the bracket's trials that have come there."""

from collections.abc import Iterable
from typing import Any

from optuna import Trial as OptunaTrial
from optuna.pruners import HyperbandPruner
from optuna.samplers import RandomSampler

from local_test.tuning.ranges import INTEGER
from local_test.tuning.search import new_study
from local_test.tuning.trials import Trial

REDUCTION_FACTOR = 3  # Optuna's default; the paper advises 3 or 4
MOST_EPOCHS = 20_000  # botocore, HyperbandStrategyConfig
# botocore, HyperbandStrategyConfig: where AWS looks for MaxResource when the request has none.
NAMES_OF_EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")


def max_resource(config: dict[str, Any], static_hyperparameters: dict[str, str]) -> int:
    """Epochs of a trial that is not stopped before: MaxResource, else what a static hyperparameter says.

    config: HyperParameterTuningJobConfig. Raises ValueError when neither says it, when it is above 20,000, and when
    MinResource is above it.
    """
    given = _resources(config)
    name = next((name for name in NAMES_OF_EPOCHS if name in static_hyperparameters), None)
    if "MaxResource" in given:
        source, most = "MaxResource", given["MaxResource"]
    elif name:
        text = static_hyperparameters[name].strip('"')  # SDK version 2 sends a second pair of quotes
        if not INTEGER.fullmatch(text) or int(text) < 1:
            raise ValueError(
                f"The static hyperparameter {name} is {text}, which is no number of epochs. Set MaxResource in "
                "HyperbandStrategyConfig."
            )
        source, most = f"the static hyperparameter {name}", int(text)
    else:
        raise ValueError(
            "Strategy Hyperband needs the largest number of epochs of a trial: set MaxResource in "
            "HyperbandStrategyConfig, "
            f"or a static hyperparameter with one of the names {', '.join(NAMES_OF_EPOCHS)}."
        )
    if most > MOST_EPOCHS:
        raise ValueError(f"Strategy Hyperband takes at most {MOST_EPOCHS} epochs, and {source} is {most}. Lower it.")
    if _min_resource(config) > most:
        raise ValueError(
            f"MinResource is {_min_resource(config)} and {source} is {most}: lower MinResource or raise the other."
        )
    return most


def should_stop(config: dict[str, Any], trial: Trial, trials: Iterable[Trial], max_resource: int) -> bool:
    """Whether the trial has lost at a rung that it has reached, or went on past max_resource epochs.

    config: HyperParameterTuningJobConfig with a RandomSeed. trial: with one value an epoch so far. trials: of this
    tuning job; those from the trial's own number on are not looked at: a trial is judged by those before it alone. One
    of them that has not come to a rung yet does not count there, so a trial may also lose at a rung after it has passed
    it. Several new epochs may be asked about at once.

    A trial that has reached max_resource is left to end by itself: stopping it then would only cost its model. AWS's
    documentation of HyperbandStrategyConfig stops it there.
    """
    if len(trial.values) > max_resource:
        return True
    rungs = [rung for rung in _rungs(_min_resource(config), max_resource) if rung <= len(trial.values)]
    if not rungs:
        return False
    pruner = HyperbandPruner(min_resource=rungs[0], max_resource=max_resource, reduction_factor=REDUCTION_FACTOR)
    study = new_study(config, RandomSampler(seed=0), pruner)  # the sampler has nothing to draw
    by_number = {one.number: one for one in trials}
    for number in range(1, trial.number):  # a trial's bracket follows from its place in the study
        replayed = study.ask()
        if number in by_number:
            _lost_rungs(replayed, by_number[number].values, rungs)
    return any(_lost_rungs(study.ask(), trial.values, rungs))


def _lost_rungs(replayed: OptunaTrial, values: tuple[float, ...], rungs: list[int]) -> list[bool]:
    """For each of the rungs that the trial has reached whether it lost there. Asking leaves its value at the rung in
    the study.
    """
    lost = []
    for rung in rungs:
        if rung <= len(values):
            replayed.report(values[rung - 1], rung)
            lost.append(replayed.should_prune())
    return lost


def _rungs(least: int, most: int) -> list[int]:
    """Epochs at which any bracket has a rung. At the last epoch nothing is left to be saved."""
    rungs = []
    while least < most:
        rungs.append(least)
        least *= REDUCTION_FACTOR
    return rungs


def _min_resource(config: dict[str, Any]) -> int:
    return _resources(config).get("MinResource", 1)


def _resources(config: dict[str, Any]) -> dict[str, Any]:
    return config.get("StrategyConfig", {}).get("HyperbandStrategyConfig", {})
