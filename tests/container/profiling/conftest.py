"""What several of these tests need."""

import threading
import time

import pytest


@pytest.fixture
def wait_until():
    """wait_until(condition): until it holds; fails after a minute."""

    def wait(condition):
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, "waited for a minute"
            threading.Event().wait(0.01)

    return wait
