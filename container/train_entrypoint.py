"""PID 1 of the train image: `docker run IMAGE train` runs sagemaker-training, and ends as the training program ended.

sagemaker-training alone would
- die of SIGTERM and leave the training program behind (https://github.com/aws/sagemaker-training-toolkit/issues/125);
- end with 0 where it cannot write /opt/ml/output/failure (issue 204 there);
- wait 15 minutes, silently, for a host name that does not resolve.
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # run as a file: neither PYTHONPATH nor the working directory decides what is imported here
    sys.path.insert(0, str(Path(__file__).parents[1]))

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, MutableMapping

from container.entrypoint.host_names import unresolved
from container.entrypoint.program_report import VARIABLE, ReportReader
from container.entrypoint.stop import MODULE, Stop
from container.entrypoint.training_config import (
    OWN_PROGRAM,
    PROGRAM_DIR,
    TrainingConfig,
    read_config,
    requested_program,
    value_of,
)
from container.runtime.failure import TrainingFailure, why_not_started, write_failure

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
OWN_MODULE = "container.entrypoint.script_mode:main"
SECONDS_FOR_ONE_NAME, SECONDS_FOR_NAMES = 2, 4
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def main(arguments: list[str]) -> int:
    """Run `train` (or any other command of the image) and return its exit status."""
    stop = Stop()
    arguments = arguments or ["train"]
    name_the_user(os.environ, os.getuid())
    if os.getpid() != 1:
        inherit_orphans()
    command = shutil.which(arguments[0])
    try:
        if arguments[0] == "train" and command == shutil.which("train", path=os.path.dirname(sys.executable)):
            return train(arguments, stop)
        if command:  # a derived image's own `train`, a shell, ...
            return exit_status(stop.run(started(arguments, command)))
        if arguments[0] == "serve":
            raise TrainingFailure(
                "This is the image for training jobs: run it with `train`. Endpoints take the image whose name ends "
                "in -serve."
            )
        raise TrainingFailure(
            f"There is no program {arguments[0]} in this image. For a training job run it with `train`."
        )
    except TrainingFailure as failure:
        print(f"error: {failure}", file=sys.stderr, flush=True)
        if arguments[0] == "train":
            write_failure(str(failure), BASE / "output")
        return 1


def started(arguments: list[str], path: str) -> "subprocess.Popen[bytes]":
    """Start a program of the image. path: where it is. Raises TrainingFailure for a file that the system cannot run."""
    try:
        return subprocess.Popen(arguments)
    except OSError as error:
        raise TrainingFailure(why_not_started(path, error)) from error


def train(arguments: list[str], stop: Stop) -> int:
    """Run a training job. Returns the training program's status, or 1 where it did not run. Raises TrainingFailure."""
    for name in ("failure", "success"):  # an earlier run's, in folders that are mounted
        with contextlib.suppress(OSError):
            (BASE / "output" / name).unlink()
    config = read_config(BASE / "input/config")
    report = ReportReader()
    environment = toolkit_environment(config, os.environ, visible_names(BASE / "code"), report.descriptor)
    if not names_resolve(config):
        environment["SM_STUDIO_LOCAL_MODE"] = "true"  # the toolkit's switch: no waiting for names
    if stop.requested:
        return exit_status(-signal.SIGTERM)
    toolkit = subprocess.Popen(arguments, env=environment, pass_fds=[report.descriptor])
    report.close_writer()
    toolkit_status = stop.run(toolkit, report)
    report.read()
    status, reason = outcome(report, toolkit_status, (BASE / "output/success").exists())
    if stop.requested and report.status is None:
        reason = "Stopped on request before the training program had begun."
    if status:
        if report.status is None and reason:
            print(f"error: {reason}", file=sys.stderr, flush=True)
        with contextlib.suppress(OSError):
            if not (BASE / "output/failure").stat().st_size:
                (BASE / "output/failure").unlink()  # what a full disk has left of the toolkit's
        write_failure(reason, BASE / "output")  # where nobody has
    return status


def outcome(report: ReportReader, toolkit_status: int, success: bool) -> tuple[int, str]:
    """Exit status and failure reason of the job.

    Args:
        report: of the training program.
        toolkit_status: exit status of sagemaker-training; 0, too, where it can write neither failure nor success.
        success: whether it has written its success file.
    """
    if report.status is not None:
        return exit_status(report.status), report.reason or ""
    if toolkit_status == 0 and not success:
        return (
            1,
            "sagemaker-training ended with status 0 without saying that the training program ran. The lines above say "
            "why.",
        )
    how = f"was ended by {signal.Signals(-toolkit_status).name}" if toolkit_status < 0 else "failed"
    return exit_status(
        toolkit_status
    ), f"sagemaker-training {how} without saying how the training program ended. The lines above say why."


def toolkit_environment(
    config: TrainingConfig, given: Mapping[str, str], code: list[str], report: int
) -> dict[str, str]:
    """The environment of sagemaker-training: the container's, and which program it is to run.

    Args:
        config: of the job.
        given: the container's environment. A derived image's own SAGEMAKER_TRAINING_MODULE is left as it is.
        code: names in /opt/ml/code.
        report: descriptor of the pipe that the training program's end is written to.

    Raises TrainingFailure.
    """
    if given.get(MODULE):
        return dict(given)
    program = requested_program(config.hyperparameters, given, code)
    other = value_of(config.hyperparameters, "sagemaker_program")
    if other and other != program:
        print(
            f"SAGEMAKER_PROGRAM={program} of the environment comes before hyperparameter sagemaker_program={other}.",
            flush=True,
        )
    path = ":".join([str(PROGRAM_DIR), *filter(None, [given.get("PYTHONPATH")])])
    added = {MODULE: OWN_MODULE, VARIABLE: str(report), "PYTHONPATH": path}
    return {**given, **added, **({"SAGEMAKER_PROGRAM": OWN_PROGRAM} if program is None else {})}


def names_resolve(config: TrainingConfig) -> bool:
    """Whether the toolkit may wait for the hosts' names. One that does not resolve is named within 5 seconds."""
    if len(config.hosts) > 1:
        # The others may be starting: the toolkit's own time is theirs, and this check costs none of it.
        threading.Thread(target=_name_the_missing, args=(config,), daemon=True).start()
        return True
    if missing := unresolved(config.hosts, SECONDS_FOR_ONE_NAME):
        print(
            f"warning: this host's name {missing[0]} in resourceconfig.json does not resolve: going on without it. "
            f"Programs that look for it need `docker run --hostname {missing[0]}`.",
            file=sys.stderr,
            flush=True,
        )
    return not missing


def _name_the_missing(config: TrainingConfig) -> None:
    if missing := unresolved(config.hosts, SECONDS_FOR_NAMES):
        print(
            f"warning: {', '.join(missing)} in resourceconfig.json cannot be resolved yet. sagemaker-training waits "
            "for up to 15 minutes. The containers need these host names on one network.",
            file=sys.stderr,
            flush=True,
        )


def name_the_user(environment: MutableMapping[str, str], uid: int) -> None:
    """Give a user that is only a number (`docker run --user 1000:1000`) a name and a home: torch needs them."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        environment.setdefault("USER", str(uid))
        if not os.access(environment.get("HOME", "/"), os.W_OK):
            environment["HOME"] = tempfile.gettempdir()


def inherit_orphans() -> None:
    """Become the parent of orphans behind another PID 1 (`docker run --init`, an entry point of a derived image), so
    that SIGTERM reaches what the program leaves behind.
    """
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def visible_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def exit_status(returncode: int) -> int:
    """As a shell reports it: 128 + n for a process that signal n ended."""
    return returncode if returncode >= 0 else 128 - returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
