"""Trials that run at the same time have cores of their own."""

import pytest

from local_test.tuning.trial_jobs import share


@pytest.mark.parametrize(
    ("cores", "parallel", "expected"),
    [
        (2, 2, ["0", "1"]),
        (8, 2, ["0,1,2,3", "4,5,6,7"]),
        (8, 3, ["0,1", "2,3,4", "5,6,7"]),
        (2, 4, ["0", "1", "0", "1"]),
        (4, 1, [None]),
        (1, 2, [None, None]),
    ],
)
def test_the_cores_are_shared_out_among_the_trials(cores, parallel, expected):
    running, given = set(), []
    for _ in range(parallel):
        place, cpuset = share(range(cores), parallel, running)
        running.add(place)
        given.append(cpuset)
    assert given == expected


def test_a_trial_gets_the_place_of_one_that_has_ended():
    assert share(range(4), 3, {0, 2}) == (1, "1")


def test_cores_need_not_begin_at_0():
    assert share((4, 5, 6, 7), 2, {0}) == (1, "6,7")
