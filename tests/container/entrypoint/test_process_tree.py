"""Whom a SIGTERM to a tree of processes is for."""

import os
import signal
import subprocess
import sys

import pytest

from container.entrypoint.process_tree import Process, processes, receivers


def tree(*listed):
    return {process.pid: process for process in listed}


def shell(pid, parent, **options):
    return Process(pid, parent, is_shell=True, **options)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (tree(Process(2, 1, catches=True), Process(3, 2, catches=True)), [2]),  # DataLoader workers, torchrun's workers
        (tree(Process(2, 1), Process(3, 2, catches=True), Process(4, 3)), [2, 3]),
        (tree(shell(2, 1), Process(3, 2, catches=True)), [3]),
        (tree(shell(2, 1), Process(3, 2)), [2, 3]),
        (tree(shell(2, 1)), [2]),
        (tree(shell(2, 1), Process(3, 2, catches=True), Process(4, 2)), [3]),  # python train.py | tee log
        (tree(shell(2, 1), shell(3, 2), Process(4, 3, catches=True)), [4]),
        (tree(shell(2, 1, catches=True), Process(3, 2, catches=True)), [2, 3]),
        (tree(shell(2, 1, catches=True), Process(3, 2, catches=True, in_background=True)), [2]),
        (tree(shell(2, 1), Process(3, 2, catches=True, in_background=True)), [3]),
        (tree(Process(2, 1, ended=True), Process(3, 2)), []),
        (tree(), []),
    ],
)
def test_who_is_told(found, told):
    assert receivers(found, [2]) == told


def test_each_is_told_once_below_several_roots():
    assert receivers(tree(Process(2, 1), Process(3, 2)), [2, 3]) == [2, 3]


def test_what_is_read_of_real_processes():
    program = (
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: None); print('ready', flush=True); signal.pause()"
    )
    plain = "print('ready', flush=True); import signal; signal.pause()"
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE),
        subprocess.Popen([sys.executable, "-c", plain], stdout=subprocess.PIPE),
        subprocess.Popen(["sh", "-c", "echo ready; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE),
        subprocess.Popen(["sh", "-c", "sleep 1000 & echo ready; wait"], stdout=subprocess.PIPE),
    ]
    try:
        for one in running:
            assert one.stdout.readline() == b"ready\n"
        found = processes()
        seen = [found[one.pid] for one in running]
        assert [(one.parent, one.is_shell, one.catches, one.in_background, one.ended) for one in seen] == [
            (os.getpid(), False, True, False, False),
            (os.getpid(), False, False, False, False),
            (os.getpid(), True, False, False, False),
            (os.getpid(), True, False, False, False),
        ]
        [sleeping] = [one for one in found.values() if one.parent == running[3].pid]
        assert sleeping.in_background
        os.kill(sleeping.pid, signal.SIGKILL)
    finally:
        for one in running:
            one.kill()
            one.wait()
            one.stdout.close()
            if one.stdin:
                one.stdin.close()
