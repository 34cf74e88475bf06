"""make clean: a running service is ended before anything is removed."""

import fcntl

import pytest

from tests.project.make.recorded_make import RECORD, make


@pytest.fixture
def running(folder):
    """A process holds the lock of out/local, as a service does: this one."""
    (folder / "out/local").mkdir(parents=True)
    with (folder / "out/local/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_clean_ends_a_running_service_before_it_removes_anything(folder, running):
    look = "import os; print('ended', os.path.exists('out/local/lock'), os.path.exists('.venv/bin/python'))"
    (folder / "local_test/__main__.py").write_text(f"{RECORD}\n{look}")
    done, calls = make(folder, "clean", {})
    assert [arguments for arguments, _ in calls] == [["down"]] and "ended True True" in done.stdout, done
    assert done.returncode == 0 and not (folder / "out").exists() and not (folder / ".venv").exists()


def test_clean_removes_nothing_when_a_running_service_does_not_end(folder, running):
    (folder / "local_test/__main__.py").write_text("import sys; sys.exit('error: Process 7 has not ended after 60 s')")
    done, _ = make(folder, "clean", {})
    assert done.returncode == 2 and "has not ended" in done.stderr and "make local-down" in done.stderr
    assert (folder / "out/local/lock").exists() and (folder / ".venv/bin/python").exists()


@pytest.mark.parametrize("ran_once", [False, True])
def test_clean_asks_nothing_of_a_service_that_does_not_run(folder, ran_once):
    (folder / "out/local").mkdir(parents=True)
    if ran_once:
        (folder / "out/local/lock").touch()
    (folder / "local_test/__main__.py").write_text(RECORD)
    done, calls = make(folder, "clean", {})
    assert done.returncode == 0 and calls == [] and not (folder / "out").exists() and not (folder / ".venv").exists()
