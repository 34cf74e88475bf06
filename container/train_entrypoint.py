"""PID 1 of the train image: `docker run IMAGE train` hands over to sagemaker-training and passes SIGTERM on.

sagemaker-training dies of SIGTERM and leaves the training program behind
(https://github.com/aws/sagemaker-training-toolkit/issues/125), so a stopped job would lose its last epoch. Here the
signal goes to the training program itself, which finishes its step; the toolkit then ends as it always does.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from container.failure import KILLED

FAILURE = Path("/opt/ml/output/failure")


def main(arguments: list[str]) -> int:
    """Run `train` (or any other command of the image) and return its exit status."""
    toolkit = subprocess.Popen(arguments or ["train"])
    signal.signal(signal.SIGTERM, lambda signum, frame: stop(toolkit.pid))
    status = exit_status(_wait(toolkit))
    if status != 0:
        explain_kill(FAILURE)
    return status


def stop(toolkit_pid: int) -> None:
    """Send SIGTERM to the training program; to the toolkit when it has not started the program yet."""
    import psutil  # a tenth of a second that a job which is never stopped need not wait

    try:
        programs = psutil.Process(toolkit_pid).children()
        for process in programs or [psutil.Process(toolkit_pid)]:
            process.terminate()
    except psutil.NoSuchProcess:
        pass  # it ended by itself in this instant


def explain_kill(failure: Path) -> None:
    """Say what it means that the program could not write a reason itself: the toolkit only knows its exit code."""
    if failure.is_file() and "ExitCode -9" in failure.read_text(errors="replace"):
        failure.write_text(KILLED)


def exit_status(returncode: int) -> int:
    """What the shell would say: 128 + n for a process that signal n ended."""
    return returncode if returncode >= 0 else 128 - returncode


def _wait(child: subprocess.Popen) -> int:
    """Wait for `child` and reap, on the way, the orphans that PID 1 inherits."""
    while True:
        pid, status = os.wait()
        if pid == child.pid:
            return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
