"""Step times belong to their phases and are summed up rightly."""

import threading

import numpy as np
import pytest
import torch

from container.profiling.step_times import CpuInstants, GpuInstants, StepTimes

CPU = torch.device("cpu")


class Clock(CpuInstants):
    """A clock that goes when it is told, and a device that is `behind`: it passes an instant when it has caught up."""

    def __init__(self):
        self.time, self.reached, self.behind = 0.0, 0.0, False

    def now(self):
        return self.time

    def passed(self, instant):
        return not self.behind or instant <= self.reached


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def times(clock, monkeypatch):
    monkeypatch.setattr("container.profiling.step_times.instants_of", lambda device: clock)
    times = StepTimes(CPU)
    times.begin()
    return times


def step(times, clock, **seconds):
    for phase, passed in seconds.items():
        clock.time += passed
        times.mark(phase)
    times.end_step()


def test_the_time_since_the_last_mark_belongs_to_the_phase(times, clock):
    step(times, clock, data=1, forward=2, backward=4, optimizer=0.5, hook=0.5)
    found = times.summary()
    assert {phase: numbers["share"] for phase, numbers in found["phases"].items()} == {
        "data": 0.125,
        "forward": 0.25,
        "backward": 0.5,
        "optimizer": 0.0625,
        "hook": 0.0625,
    }
    assert found["step"] == {"p50": 8.0, "p95": 8.0, "max": 8.0} and found["steps"] == 1


def test_a_phase_that_comes_twice_in_a_step_is_added_up(times, clock):
    for phase in ("data", "hook", "forward", "hook"):
        clock.time += 1
        times.mark(phase)
    times.end_step()
    assert times.summary()["phases"]["hook"]["mean"] == 2


def test_the_time_after_the_last_mark_is_the_next_steps(times, clock):
    step(times, clock, data=1, forward=1)
    clock.time += 5
    step(times, clock, data=1, forward=1)
    assert times.series()["mean"] == [2, 7] and times.series()["phases"]["data"] == [1, 6]


def test_an_evaluation_between_two_epochs_belongs_to_no_step(times, clock):
    step(times, clock, data=1, forward=1)
    clock.time += 100
    times.evaluation(60.0)
    times.evaluation(40.0)
    times.begin()
    step(times, clock, data=1, forward=1)
    found = times.summary()
    assert found["step"]["max"] == 2 and found["evaluation_seconds"] == 100 and found["steps_per_second"] == 0.5


def test_percentiles_are_those_of_the_steps(times, clock):
    durations = np.random.default_rng(0).permutation(np.arange(1, 101, dtype=np.float64))
    for seconds in durations:
        step(times, clock, data=seconds, forward=1)
    found = times.summary()
    assert (
        found["step"]["p50"] == pytest.approx(51.5)
        and found["step"]["p95"] == pytest.approx(96.05)
        and found["step"]["max"] == 101
    )
    assert found["phases"]["data"]["mean"] == pytest.approx(50.5) and found["phases"]["data"]["p95"] == pytest.approx(
        95.05
    )
    assert sum(numbers["share"] for numbers in found["phases"].values()) == pytest.approx(1)


def test_without_a_step_there_are_no_numbers_and_no_error(times):
    times.end_step()
    found = times.summary()
    assert found["steps"] == found["steps_per_second"] == found["step"]["max"] == 0 and found["phases"] == {}
    assert times.outliers() == [] and times.series()["step"] == []


def test_a_far_slower_step_is_named_with_the_phase_that_made_it_slow(times, clock):
    for number in range(1, 101):
        step(
            times,
            clock,
            data=1 + 0.1 * (number % 3),
            forward=5,
            backward=30 if number == 40 else 4,
            hook=90 if number == 70 else 0,
        )
    first, second = times.outliers()
    assert (first.number, first.phase, second.number, second.phase) == (70, "hook", 40, "backward")
    assert first.seconds == pytest.approx(100.1)
    assert times.summary()["outliers"] == 2 and [outlier.number for outlier in times.outliers(limit=1)] == [70]


@pytest.mark.parametrize("seconds", [[1] * 50 + [2.9], [1, 2, 4, 8, 16] * 10, [3.0] * 5, [1.0]])
def test_steps_that_vary_or_are_a_little_slower_are_no_outliers(times, clock, seconds):
    for passed in seconds:
        step(times, clock, forward=passed)
    assert times.outliers() == [] and times.summary()["outliers"] == 0


@pytest.mark.parametrize("steps, points", [(10, 300), (300, 300), (1001, 300), (7, 2), (1, 1)])
def test_a_chart_has_at_most_its_points_and_all_of_the_time(times, clock, steps, points):
    for number in range(steps):
        step(times, clock, data=1, forward=number % 5)
    found = times.series(points)
    assert (
        len(found["step"])
        == len(found["mean"])
        == len(found["max"])
        == len(found["phases"]["data"])
        == min(steps, points)
    )
    sizes = np.diff(found["step"], append=steps + 1)
    assert (sizes * found["mean"]).sum() == pytest.approx(sum(1 + number % 5 for number in range(steps)))
    assert max(found["max"]) == times.summary()["step"]["max"]
    assert np.sum(list(found["phases"].values()), axis=0) == pytest.approx(found["mean"])


def test_what_a_thread_does_beside_is_no_part_of_the_step(times, clock):
    def copies():
        with times.beside("host-to-device"):
            clock.time += 3

    thread = threading.Thread(target=copies)
    thread.start()
    thread.join()
    times.begin()
    step(times, clock, forward=1)
    found = times.summary()
    assert found["beside"] == {"host-to-device": {"mean": 3, "p50": 3, "p95": 3, "total": 3}}
    assert list(found["phases"]) == ["forward"] and found["step"]["max"] == 1


def test_steps_that_the_device_has_not_finished_are_read_later_and_never_waited_for(times, clock):
    clock.behind = True
    for _ in range(3):
        step(times, clock, data=1, forward=1)
    assert times.summary()["steps"] == 0
    clock.reached = 4
    assert times.summary()["steps"] == 2
    clock.behind = False
    assert times.summary()["steps"] == 3 and times.series()["mean"] == [2, 2, 2]


def test_an_unknown_phase_is_an_error():
    times = StepTimes(CPU)
    times.begin()
    with pytest.raises(KeyError, match="lunch"):
        times.mark("lunch")


def test_a_step_takes_28_bytes():
    times = StepTimes(CPU)
    times.begin()
    for _ in range(1000):
        times.mark("forward")
        times.end_step()
    assert sum(part.itemsize * len(part) for part in [times._steps, *times._phases]) == 28_000
    assert not times._unread


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_on_a_gpu_a_phase_is_the_gpus_own_time_and_events_are_used_again():
    device = torch.device("cuda")
    times, matrix = StepTimes(device), torch.randn(4096, 4096, device=device)
    times.begin()
    for _ in range(100):
        times.mark("data")
        for _ in range(10):
            matrix @ matrix
        times.mark("forward")
        times.end_step()
    torch.cuda.synchronize()
    found = times.summary()
    assert found["steps"] == 100 and found["phases"]["forward"]["share"] > 0.9
    free = times._instants._free
    assert isinstance(times._instants, GpuInstants) and len(free) == len({id(event) for event in free}) <= 200
