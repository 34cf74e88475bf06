"""The thread that writes beside training."""

import os
import threading

import pytest

from container.debugging.tensor_writer import LOWEST_PRIORITY, MOST_WAITING_JOBS, BackgroundWriter


@pytest.fixture
def writer():
    writer = BackgroundWriter()
    yield writer
    writer.close()


def test_jobs_are_done_in_order_and_with_the_lowest_priority(writer):
    done, priorities = [], []
    for number in range(20):
        writer.put(lambda number=number: done.append(number))
    writer.put(lambda: priorities.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
    writer.close()
    assert done == list(range(20)) and priorities == [LOWEST_PRIORITY]


def test_whoever_is_ahead_waits_and_nothing_is_dropped(writer):
    may_go_on, begun, done = threading.Event(), threading.Event(), []

    def slow():
        begun.set()
        may_go_on.wait()

    writer.put(slow)
    assert begun.wait(60)
    for _ in range(MOST_WAITING_JOBS):
        writer.put(lambda: done.append(1))
    ahead = threading.Thread(target=writer.put, args=[lambda: done.append(2)])
    ahead.start()
    ahead.join(0.2)
    assert ahead.is_alive() and done == []
    may_go_on.set()
    ahead.join(60)
    writer.close()
    assert done == [1] * MOST_WAITING_JOBS + [2]


def test_after_a_failure_the_later_jobs_are_left_out(writer, capsys):
    done = []
    writer.put(lambda: 1 / 0)
    for _ in range(2 * MOST_WAITING_JOBS):
        writer.put(lambda: done.append(1))
    writer.close()
    assert done == [] and "training continues without them: ZeroDivisionError" in capsys.readouterr().err


def test_flush_returns_when_all_is_written_also_after_a_failure(writer, capfd):
    done = []
    for number in range(5):
        writer.put(lambda number=number: done.append(number))
    writer.flush()
    assert done == list(range(5))
    writer.put(lambda: 1 / 0)
    writer.put(lambda: done.append("left out"))
    writer.flush()
    assert done == list(range(5))
