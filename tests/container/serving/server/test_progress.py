"""A batch that does not move is seen from another process; one that does, however slowly, is left alone."""

import os
import threading

import pytest

from container.serving.server.worker_telemetry import Progress, Stall


def test_a_batch_that_hangs_in_another_process_is_seen_after_so_many_seconds():
    progress = Progress()
    begun, told = os.pipe()
    child = os.fork()
    if child == 0:
        progress.during(lambda batch: (os.write(told, b"x"), threading.Event().wait()))([])
    try:
        os.read(begun, 1)
        stall = Stall(progress.read, 1.0)
        assert [stall.look(0.25) for _ in range(6)] == [False, False, False, False, True, True]
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_no_batch_no_stall():
    progress = Progress()
    progress.during(len)([])
    stall = Stall(progress.read, 0.5)
    assert not any(stall.look(1) for _ in range(5))


def test_each_step_of_a_batch_counts_as_movement():
    progress = Progress()
    stall = Stall(progress.read, 0.5)
    seen = []

    def slow(batch):
        for _ in batch:
            seen.extend([stall.look(0.4), stall.look(0.4)])
            progress.step()

    progress.during(slow)(range(10))
    assert len(seen) == 20 and not any(seen)


def test_a_step_outside_a_batch_is_none():
    progress = Progress()
    progress.step()
    assert progress.read() == (0, 0)


def test_the_movement_of_one_thread_does_not_hide_that_another_hangs():
    progress = Progress()
    release, entered = threading.Event(), threading.Event()
    hung = threading.Thread(target=progress.during(lambda batch: (entered.set(), release.wait())), args=([],))
    hung.start()
    entered.wait()
    stall = Stall(progress.read, 1.0)
    seen = []
    for _ in range(4):
        progress.during(len)([])
        seen.append(stall.look(0.5))
    release.set()
    hung.join()
    assert seen == [False, False, True, True]


@pytest.mark.parametrize("paused", [60.0, 3600.0])
def test_the_time_in_which_the_container_was_paused_does_not_count(paused):
    stall = Stall(lambda: (1, 0), 10)
    assert not stall.look(0.25) and not stall.look(paused) and not stall.look(0.25)
