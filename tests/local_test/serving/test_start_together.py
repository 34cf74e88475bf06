"""Starts of which all succeed or none does."""

import threading

import pytest

from local_test.serving.container_start import ServingFailed, StartCancelled, at_once, start_all


def test_what_has_started_is_stopped_when_one_start_fails():
    stopped, started, cancelled = [], threading.Event(), threading.Event()

    def start(name):
        if name == "bad":
            started.wait(10)
            raise ServingFailed("bad")
        started.set()
        return name

    with pytest.raises(ServingFailed, match="bad"):
        start_all(start, ["good", "bad"], stopped.append, cancelled)
    assert stopped == ["good"] and cancelled.is_set()


def test_the_reason_is_that_of_the_start_that_failed_not_of_those_it_cancelled():
    cancelled, told = threading.Event(), threading.Event()

    def start(name):
        if name == "cancelled":
            told.set()
            raise StartCancelled("The start was cancelled.").of("Production variant v")
        told.wait(10)  # a failure may be known later than what it has cancelled, since it ends its containers first
        raise ServingFailed("The container ended.")

    with pytest.raises(ServingFailed, match="The container ended"):
        start_all(start, ["cancelled", "failed"], lambda one: None, cancelled)


def test_results_are_in_the_order_of_their_things():
    assert at_once(lambda number: number * 2, range(20)) == list(range(0, 40, 2))
    assert at_once(str, []) == [] == start_all(str, [], print, threading.Event())
