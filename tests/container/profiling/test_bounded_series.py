"""A series stays short and keeps its mean."""

import pytest

from container.profiling.system_sampler import BoundedSeries


def filled(samples, limit):
    series = BoundedSeries(limit)
    for number in range(samples):
        series.add(float(number), {"a": float(number % 7)})
    return series.read()


@pytest.mark.parametrize("samples", [0, 1, 7, 8])
def test_few_samples_are_kept_as_they_are(samples):
    found = filled(samples, 8)
    assert found["seconds"] == list(range(samples))
    assert found["values"].get("a", []) == [number % 7 for number in range(samples)]


@pytest.mark.parametrize("samples", [9, 16, 17, 1000, 4096, 5001])
def test_many_samples_become_at_most_the_limit(samples):
    found = filled(samples, 8)
    assert 4 < len(found["seconds"]) == len(found["values"]["a"]) <= 8
    assert found["seconds"] == sorted(found["seconds"])


def test_a_point_is_the_mean_of_its_samples():
    found = filled(16, 8)
    assert found["seconds"] == [0.5 + 2 * point for point in range(8)]
    assert found["values"]["a"] == [(number % 7 + (number + 1) % 7) / 2 for number in range(0, 16, 2)]


def test_memory_does_not_grow_with_the_samples():
    short, long = BoundedSeries(8), BoundedSeries(8)
    for series, samples in ((short, 8), (long, 20_000)):
        for number in range(samples):
            series.add(float(number), {"a": 1.0})
    arrays = [[value.nbytes for value in vars(series).values() if hasattr(value, "nbytes")] for series in (short, long)]
    assert arrays[0] == arrays[1] and len(long.read()["seconds"]) <= 8


def test_a_metric_that_is_not_always_there_has_gaps_and_its_own_mean():
    series = BoundedSeries(2)
    for number in range(4):
        series.add(float(number), {"always": 1.0} | ({"late": 6.0} if number == 3 else {}))
    assert series.read() == {"seconds": [0.5, 2.5], "values": {"always": [1.0, 1.0], "late": [None, 6.0]}}
