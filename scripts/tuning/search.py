"""The search space of a tuning job: ranges of the tuned hyperparameters, values of the others."""

import re

from contract.feature_sharing import FEATURES_ONLY
from scripts.config.hyperparameters import NAME
from scripts.config.ranges import MOST, Categories, Range, grid_size, range_of_text, searched_values
from scripts.config.sections import Tune
from scripts.config.settings import Settings
from scripts.console.failure import Failure
from scripts.console.make import make
from scripts.requests.training_job import all_hyperparameters


def chosen_ranges(settings: dict[str, Range], words: list[str]) -> dict[str, Range]:
    """The ranges of the settings, each replaced by the word that has its name, or dropped by `name=`.

    words: `["lr=0.0001..0.1:log", "batch-size=32,64", "dropout="]`. Raises Failure for a word that is not of this form,
    and when too much or nothing is left."""
    found = dict(settings)
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not re.fullmatch(NAME, name):
            raise Failure(
                f"--range {word!r} must be name=min..max, name=min..max:scale, name=value,value, or name= to leave "
                "one out."
            )
        if not text:
            if name not in found:
                raise Failure(
                    f"--range {word} leaves out {name}, which has no range. The ranges are of "
                    f"{', '.join(found) or 'nothing'}."
                )
            del found[name]
            continue
        try:
            found[name] = range_of_text(text)
        except ValueError as error:
            raise Failure(f"--range {word!r}: {name} {error}.") from None
    if not found:
        raise Failure(
            "Nothing is to be tuned. Write ranges into [tune.ranges] of sagemaker.toml, or name them: --range "
            "lr=0.0001..0.1:log"
        )
    if (count := searched_values(found)) > MOST:
        raise Failure(
            f"The ranges count {count}, and a tuning job takes {MOST}: each interval is one, and each value of a list. "
            "Leave some out with --range name="
        )
    return found


def static_hyperparameters(settings: Settings, given: dict[str, str], ranges: dict[str, Range]) -> dict[str, str]:
    """Those that are the same in every trial. A range comes before a value of the settings.

    given: those of the command line. Raises Failure for one that has a range, too: which of the two is meant cannot be
    told. And for features-only, with which trials would train nothing."""
    both = [name for name in given if name in ranges]
    if both:
        raise Failure(
            f"{both[0]}={given[both[0]]} is given, and {both[0]} is tuned, too. Leave it out of the search: --range "
            f"{both[0]}="
        )
    found = {name: value for name, value in all_hyperparameters(settings, given).items() if name not in ranges}
    if FEATURES_ONLY in (*found, *ranges):
        raise Failure(
            f"With {FEATURES_ONLY} the trials would train nothing. Leave it out: `{make('tune')}` itself makes what "
            "they can share."
        )
    return found


def check_strategy(tune: Tune, ranges: dict[str, Range], static: dict[str, str]) -> None:
    """Raise Failure when the strategy cannot search these ranges."""
    if tune.strategy == "Grid":
        intervals = [name for name, one in ranges.items() if not isinstance(one, Categories)]
        if intervals:
            raise Failure(
                f"The strategy Grid wants a list of values for each hyperparameter, and {intervals[0]} has min and max."
            )
        if grid_size(ranges) > tune.max_jobs:
            raise Failure(
                f"The strategy Grid runs all {grid_size(ranges)} combinations, and tune.max-jobs is {tune.max_jobs}. "
                "Raise that, or take values out of the ranges."
            )
    if tune.strategy == "Hyperband" and not tune.hyperband_max_epochs and "epochs" not in static:
        raise Failure(
            "The strategy Hyperband must know how long a trial is: give epochs=20, or set tune.hyperband-max-epochs."
        )
