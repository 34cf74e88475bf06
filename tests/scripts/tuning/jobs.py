"""Tuning jobs for these tests, as data."""

import itertools
from datetime import UTC, datetime, timedelta

from scripts.config.ranges import Categories, Interval, Range
from scripts.tuning.job import Trial, Tuning

NAME = "dogbreed-tune-261122-185200"
START = datetime(2026, 11, 22, 18, 52, tzinfo=UTC)
LR, BATCH = Interval(1e-5, 0.1, False, "log"), Categories(("32", "64", "128", "256"))
EVERY_KIND: dict[str, Range] = {
    "lr": LR,
    "batch-size": BATCH,
    "dropout": Interval(0.0, 0.5, False, "auto"),
    "warmup-epochs": Interval(1, 5, True, "auto"),
    "arch": Categories(
        ("resnet18", "resnet34", "efficientnet_v2_s", "mobilenet_v3_large", "convnext_tiny", "vit_b_16")
    ),
    "weight-decay": Interval(0.0001, 1.0, False, "auto"),
    "min-crop": Interval(0.05, 0.99, False, "reverse-log"),
    "image-size": Categories(tuple(str(64 + 16 * n) for n in range(20))),
}


def trial(
    number: int, objective: float | None = None, status: str = "Completed", failure: str = "", **hyperparameters: str
) -> Trial:
    started = START + timedelta(minutes=number)
    ended = None if status == "InProgress" else started + timedelta(seconds=75)
    tuned = {name.replace("_", "-"): value for name, value in hyperparameters.items()}
    return Trial(number, f"{NAME}-{number:03}-{number:08x}", status, objective, tuned, started, ended, failure)


def tuning(
    *trials: Trial, maximize: bool = True, status: str = "Completed", ranges: dict[str, Range] | None = None, **more
) -> Tuning:
    """The best is the trial with the best objective."""
    ranked = sorted(
        (one for one in trials if one.objective is not None), key=lambda one: one.objective, reverse=maximize
    )
    facts = {
        "name": NAME,
        "status": status,
        "failure": "",
        "strategy": "Bayesian",
        "metric": "valid_accuracy" if maximize else "valid_loss",
        "maximize": maximize,
        "most_trials": 16,
        "ranges": {"lr": LR, "batch-size": BATCH} if ranges is None else ranges,
        "static": {"epochs": "20"},
        "best": ranked[0].name if ranked else None,
        "seconds": 750.0,
        "trials": trials,
    }
    return Tuning(**{**facts, **more})


def many(count: int, hyperparameters: int, failed: int = 7, stopped: int = 5, maximize: bool = True) -> Tuning:
    """Every `failed`-th trial failed, every `stopped`-th was stopped; the values walk through the first ranges of
    EVERY_KIND.
    """
    ranges = dict(itertools.islice(EVERY_KIND.items(), hyperparameters))

    def value(searched: Range, number: int) -> str:
        share = number * 0.618 % 1
        if isinstance(searched, Categories):
            return searched.values[number % len(searched.values)]
        if searched.is_logarithmic:
            return str(searched.low * (searched.high / searched.low) ** share)
        return str(round(searched.low + share * (searched.high - searched.low), None if searched.whole else 6))

    trials = []
    for number in range(1, count + 1):
        status = "Failed" if number % failed == 0 else "Stopped" if number % stopped == 0 else "Completed"
        tuned = {name.replace("-", "_"): value(searched, number) for name, searched in ranges.items()}
        objective = None if status == "Failed" else 0.4 + number * 0.37 % 0.5
        trials.append(
            trial(number, objective, status, "AlgorithmError: lr is too large." if status == "Failed" else "", **tuned)
        )
    return tuning(*trials, ranges=ranges, maximize=maximize)
