"""Preparing steps ahead changes neither their order nor their number, and loses no error."""

import threading

import pytest
import torch

from container.data.batches import prefetch, prepared, random_for
from container.runtime.batch_threads import BatchThreads

CPU = torch.device("cpu")
WAYS = {"in its turn": lambda make, numbers: prepared(make, numbers, CPU), "ahead": prefetch}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("numbers", [range(0), range(3, 4), range(2, 9), range(0, 10, 4)])
def test_every_step_comes_once_and_in_order(way, numbers):
    assert list(WAYS[way](lambda number: number * 10, numbers)) == [number * 10 for number in numbers]


def test_ahead_the_next_step_is_made_while_this_one_runs():
    begun = {number: threading.Event() for number in range(3)}
    steps = prefetch(lambda number: begun[number].set(), range(3))
    next(steps)
    assert begun[1].wait(10) and not begun[2].is_set()


def test_on_a_cpu_a_step_is_made_when_it_is_asked_for():
    made = []
    steps = prepared(made.append, range(3), CPU)
    next(steps)
    assert made == [0]


@pytest.mark.parametrize("way", WAYS)
def test_an_error_comes_at_its_step(way):
    steps = WAYS[way](lambda number: 1 // (2 - number), range(4))
    assert [next(steps), next(steps)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(steps)


@pytest.mark.parametrize("items", [0, 1, 2, 7])
def test_threads_take_every_picture_of_a_batch_once(items):
    taken = []
    BatchThreads(3).run(lambda start, stop: taken.extend(range(start, stop)), items, 3)
    assert sorted(taken) == list(range(items))


def test_threads_leave_the_others_their_cores():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        inside = []
        BatchThreads(2).run(lambda start, stop: inside.append(torch.get_num_threads()), 2, 1)
        assert torch.get_num_threads() == 3 and inside == [1, 1]
    finally:
        torch.set_num_threads(before)


def test_what_a_part_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        BatchThreads(2).run(lambda start, stop: 1 / 0, 2, 1)


def test_chance_follows_from_seed_and_place_alone():
    def draw(*place):
        return torch.rand(3, generator=random_for(*place)).tolist()

    assert draw(1, 2, 3) == draw(1, 2, 3)
    assert len({tuple(draw(*place)) for place in [(1, 2, 3), (1, 2, 4), (1, 3, 3), (2, 2, 3), (1, 2), (12, 3)]}) == 6
