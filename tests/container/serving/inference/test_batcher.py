"""What waits becomes the next batch; who comes alone does not wait."""

import threading
import time
from types import SimpleNamespace

import pytest

from container.serving.inference.batcher import Batcher


def invocation():
    return SimpleNamespace(done=threading.Event())


def submitted(batcher, count):
    invocations = [invocation() for _ in range(count)]
    for one in invocations:
        batcher.submit(one)
    return invocations


def running(batcher):
    threading.Thread(target=batcher.run, daemon=True).start()


def test_what_arrives_while_a_batch_is_computed_is_the_next_batch():
    sizes, gate = [], threading.Semaphore(0)

    def answer(invocations):
        sizes.append(len(invocations))
        gate.acquire()

    batcher = Batcher(answer, size=4, delay=0)
    running(batcher)
    [first] = submitted(batcher, 1)
    while not sizes:
        time.sleep(0.001)
    rest = submitted(batcher, 6)
    for _ in range(3):
        gate.release()
    assert all(one.done.wait(10) for one in (first, *rest))
    assert sizes == [1, 4, 2]


def test_a_single_client_never_pays_the_delay():
    batcher = Batcher(lambda invocations: None, size=8, delay=30)
    running(batcher)
    for _ in range(20):
        [one] = submitted(batcher, 1)
        assert one.done.wait(5)


def test_with_several_clients_an_incomplete_batch_waits_for_more():
    sizes = []
    batcher = Batcher(lambda invocations: sizes.append(len(invocations)), size=3, delay=30)
    two = submitted(batcher, 2)
    running(batcher)
    assert not two[0].done.wait(0.05)
    assert all(one.done.wait(5) for one in (*two, *submitted(batcher, 1)))
    assert sizes == [3]


def test_an_incomplete_batch_goes_when_its_delay_is_over():
    sizes = []
    batcher = Batcher(lambda invocations: sizes.append(len(invocations)), size=8, delay=0.05)
    two = submitted(batcher, 2)
    running(batcher)
    assert all(one.done.wait(5) for one in two) and sizes == [2]


def test_jobs_are_answered_in_the_order_of_their_arrival():
    answered = []
    batcher = Batcher(answered.extend, size=3, delay=0)
    invocations = submitted(batcher, 10)
    running(batcher)
    assert all(one.done.wait(5) for one in invocations) and answered == invocations


def test_a_failing_worker_does_not_leave_its_clients_waiting():
    def answer(invocations):
        raise RuntimeError("broken")

    batcher = Batcher(answer, size=2, delay=0)
    [one] = submitted(batcher, 1)
    with pytest.raises(RuntimeError):
        batcher.run_once()
    assert one.done.is_set()
