"""What a tuning job searches: settings and command line together, and what contradicts itself."""

import pytest

from scripts.config.ranges import Categories, Interval, grid_size
from scripts.config.settings import load_settings
from scripts.console.failure import Failure
from scripts.tuning.search import check_strategy, chosen_ranges, static_hyperparameters
from tests.scripts.tuning.jobs import BATCH, LR

RANGES = {"lr": LR, "batch-size": BATCH}


def settings(**hyperparameters: str):
    given = {name.replace("_", "-"): one for name, one in hyperparameters.items()}
    return load_settings(environment={}).model_copy(update={"hyperparameters": given})


def test_a_word_replaces_the_range_of_its_name_adds_one_or_leaves_one_out():
    found = chosen_ranges(RANGES, ["lr=0.1..0.2", "dropout=0..0.5", "batch-size="])
    assert found == {"lr": Interval(0.1, 0.2, False, "auto"), "dropout": Interval(0, 0.5, False, "auto")}
    assert chosen_ranges(RANGES, []) == RANGES


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["lr"], "--range 'lr' must be name=min"),
        (["Lr=1..2"], "--range 'Lr=1..2' must be name=min"),
        (["lr=2..1"], "--range 'lr=2..1': lr must have a min below its max"),
        (["dropout="], "leaves out dropout, which has no range. The ranges are of lr, batch-size"),
        (["lr=", "batch-size="], "Nothing is to be tuned"),
        ([f"h{n}=1..2" for n in range(26)], "The ranges count 31, and a tuning job takes 30: each interval is one"),
        (["a=" + ",".join(map(str, range(26)))], "The ranges count 31, and a tuning job takes 30"),
    ],
)
def test_a_wrong_word_is_a_sentence(words, sentence):
    with pytest.raises(Failure, match=sentence):
        chosen_ranges(RANGES, words)


def test_as_many_intervals_and_values_as_aws_counts_are_taken():
    assert len(chosen_ranges(RANGES, [f"h{n}=1..2" for n in range(25)])) == 27
    assert len(chosen_ranges(RANGES, ["a=" + ",".join(map(str, range(25)))])) == 3


def test_a_range_comes_before_a_value_of_the_settings():
    found = static_hyperparameters(settings(lr="0.1", epochs="3"), {"dropout": "0.5"}, RANGES)
    assert found == {"sagemaker_container_log_level": "30", "epochs": "3", "dropout": "0.5"}


def test_a_value_that_is_given_and_tuned_is_a_sentence():
    with pytest.raises(
        Failure, match=r"lr=0.1 is given, and lr is tuned, too. Leave it out of the search: --range lr="
    ):
        static_hyperparameters(settings(), {"lr": "0.1"}, RANGES)


def test_a_grid_is_of_lists_and_no_larger_than_the_limit():
    grid = settings().tune.model_copy(update={"strategy": "Grid", "max_jobs": 7})
    with pytest.raises(Failure, match="Grid wants a list of values for each hyperparameter, and lr has min and max"):
        check_strategy(grid, RANGES, {})
    two = {"batch-size": BATCH, "arch": Categories(("resnet18", "resnet34"))}
    assert grid_size(two) == 8
    with pytest.raises(Failure, match=r"Grid runs all 8 combinations, and tune.max-jobs is 7"):
        check_strategy(grid, two, {})
    check_strategy(grid.model_copy(update={"max_jobs": 8}), two, {})


def test_hyperband_knows_how_long_a_trial_is():
    hyperband = settings().tune.model_copy(update={"strategy": "Hyperband"})
    with pytest.raises(Failure, match="Hyperband must know how long a trial is"):
        check_strategy(hyperband, RANGES, {})
    check_strategy(hyperband, RANGES, {"epochs": "20"})
    check_strategy(hyperband.model_copy(update={"hyperband_max_epochs": 20}), RANGES, {})
