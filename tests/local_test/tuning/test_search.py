"""What holds whatever the strategy."""

import subprocess
import sys
from pathlib import Path

import pytest

from local_test.tuning.search import check, propose
from tests.local_test.tuning.searches import EVERY_KIND, RATE, config


def test_a_config_without_a_seed_is_no_search():
    given = config("Bayesian", EVERY_KIND)
    del given["RandomSeed"]
    with pytest.raises(KeyError, match="RandomSeed"):
        propose(given, 1, [], [])


def test_ranges_are_checked_whatever_the_strategy():
    for strategy in ("Bayesian", "Random", "Hyperband", "Grid"):
        with pytest.raises(ValueError, match="no range"):
            check(config(strategy, {}))


def test_a_search_writes_nothing_into_the_log():
    """In a process of its own: Optuna writes to the standard error stream that was there when it was imported."""
    program = f"""
from local_test.tuning.search import propose
from local_test.tuning.trials import Trial
given = {config("Bayesian", {"ContinuousParameterRanges": [RATE]})}
trials = []
for number in range(1, 9):
    trials.append(Trial(number, propose(given, number, trials, []), "Completed", (0.5,)))
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
