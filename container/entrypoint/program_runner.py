"""Runs a training program, alone or by torchrun, with sagemaker-training's command; the end of its stderr is kept.

All that this program uses of sagemaker-training's internals is here: the classes that make the command keep it, and
what they were made with, in private names.
"""

import signal
import subprocess
import sys
from typing import Self

from sagemaker_training import environment, errors

from container.entrypoint.install_error import InstallStderr
from container.entrypoint.program_report import ReportWriter
from container.entrypoint.stderr_tail import StderrTail
from container.entrypoint.training_config import OWN_PROGRAM
from container.entrypoint.uncaught_error import uncaught_error
from container.runtime.failure import KILLED
from container.runtime.library_internals import internals_of, require_attributes, require_parameters

with internals_of("sagemaker-training", "docker/requirements/train.txt", "container/entrypoint/program_runner.py"):
    from sagemaker_training import _entry_point_type, logging_config, process, torch_distributed

    require_parameters(process.ProcessRunner, "user_entry_point", "args", "env_vars", "processes_per_host")
    require_attributes(process.ProcessRunner, "_create_command", "_env_vars", "_user_entry_point")
    require_attributes(torch_distributed.TorchDistributedRunner, "_create_command")
    require_attributes(_entry_point_type, "get", "PYTHON_PACKAGE")
    require_parameters(logging_config.log_script_invocation, "cmd", "env_vars", "logger")


def is_package(code: str, name: str) -> bool:
    """Whether the program `name` in the folder `code` is run as a module of a Python package (there is a setup.py)."""
    return _entry_point_type.get(code, name) is _entry_point_type.PYTHON_PACKAGE


class ProgramRunner(process.ProcessRunner):
    """Runs the program, passes its stderr through, and raises errors.ExecuteUserScriptError with its end."""

    def reporting(self, report: ReportWriter, installing: InstallStderr) -> Self:
        """installing: ended before the program starts."""
        self._report, self._installing = report, installing
        return self

    def run(self, wait: bool = True, capture_error: bool = False) -> subprocess.Popen[bytes]:
        """As sagemaker-training calls it; waits for the end in any case."""
        self._installing.end()
        command = self._create_command()
        if command[0] == "/bin/sh":
            # As process.check_error does: the quotes are for another way to run it.
            command[-1] = command[-1].strip('"')
        logging_config.log_script_invocation(command, self._env_vars)
        running = subprocess.Popen(command, cwd=environment.code_dir, stderr=subprocess.PIPE)
        self._report.started(running.pid)
        assert running.stderr is not None  # it is a pipe
        tail = StderrTail(running.stderr.fileno())
        status = running.wait()
        said = tail.ended()
        if status == 0:
            return running
        if status == -signal.SIGKILL and self._user_entry_point == OWN_PROGRAM:
            raise killed()
        if self._user_entry_point != OWN_PROGRAM or status < 0:  # ours has said why it ends, but for a signal
            print(f"error: {self._user_entry_point} {how_it_ended(status)}.", file=sys.stderr, flush=True)
        raise errors.ExecuteUserScriptError(cmd=" ".join(command), return_code=status, output=uncaught_error(said))


class TorchrunRunner(ProgramRunner, torch_distributed.TorchDistributedRunner):
    """The same with torchrun."""


def how_it_ended(status: int) -> str:
    """status: -n for signal n."""
    if status >= 0:
        return f"ended with status {status}"
    why = ", as a rule because the instance's memory was full" if status == -signal.SIGKILL else ""
    return f"was ended by {signal.Signals(-status).name}{why}"


def killed() -> errors.ClientError:
    """The error of a training program that was killed."""
    error = errors.ClientError(KILLED)
    error.return_code = -signal.SIGKILL
    return error
