"""The service as a process in the background: started when it is down, ended with everything it started."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local_test import service_address
from local_test.host.command import COMMAND
from local_test.host.folder_lock import is_held
from local_test.host.identity import make_private

LOG = "service.log"  # in the state folder
PACKAGES = Path(__file__).parents[1]  # where this package is found
SECONDS_TO_START = 120
SECONDS_TO_END = 60
GAVE_WAY = 75  # exit status of a service that found another one in its folder (EX_TEMPFAIL of sysexits.h)


class ServiceFailed(RuntimeError):
    """The service in the background did not start, or did not end."""


def start(
    folder: Path, port: int | None, allow_files: Sequence[Path] = (), strict: bool | None = None
) -> service_address.Address:
    """The address of this folder's service; it is started in the background when it is down. Raises ServiceFailed.

    allow_files: folders below which file:// URIs of requests may lead; none means the working folder, or what it runs
    with. strict: refuse fields of requests that have no effect on one machine; None means what it runs or ran with."""
    if address := service_address.running(folder):
        if port not in (None, address.port):
            raise ServiceFailed(
                f"The local SageMaker runs already, at {address.url}, and --port asks for {port}. End it first: "
                f"{COMMAND} down"
            )
        if allow_files and sorted(str(path.resolve()) for path in allow_files) != sorted(address.allow_files):
            raise ServiceFailed(
                f"The local SageMaker runs already, for files below {', '.join(address.allow_files)}. End it first, to "
                f"start it for others: {COMMAND} down"
            )
        if strict not in (None, address.strict):
            raise ServiceFailed(
                f"The local SageMaker runs already, {'with' if address.strict else 'without'} --strict. End it first: "
                f"{COMMAND} down"
            )
        return address
    make_private(folder)
    # -P: a working folder that has a local_test of its own, such as another clone, is not the one that is meant.
    command = [sys.executable, "-P", "-m", "local_test", "serve", "--folder", str(folder)]
    for path in allow_files:
        command += ["--allow-files", str(path)]
    command += ["--port", str(port)] if port is not None else []
    command += [] if strict is None else ["--strict" if strict else "--no-strict"]
    log_file = folder / LOG
    logged = log_file.stat().st_size if log_file.exists() else 0  # by those before
    process = _spawned(command, log_file)
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        address = service_address.running(folder)
        if address and port in (None, address.port):
            return address
        if address or process.poll() not in (None, GAVE_WAY):
            break
        # One that gave way to another waits for that one, which is being started in this moment; or the other has
        # ended, and this one may start.
        if process.poll() == GAVE_WAY and not is_held(folder):
            process = _spawned(command, log_file)
        time.sleep(0.05)
    process.terminate()
    with log_file.open("rb") as log:
        log.seek(max(logged, log_file.stat().st_size - 2000))
        said = log.read().decode(errors="replace")
    raise ServiceFailed(f"The local SageMaker did not start. {log_file} ends:\n{said}")


def stop(folder: Path) -> bool:
    """End this folder's service and wait until its containers are gone. False when there is none. Raises ServiceFailed.

    One that is being started, or is ending already, counts.
    """
    if not is_held(folder):
        return False
    deadline = time.monotonic() + SECONDS_TO_END
    told = None
    while is_held(folder):
        address = service_address.running(folder)
        if address and address.pid != told:
            told = address.pid
            with contextlib.suppress(ProcessLookupError):  # it has ended in this moment
                os.kill(told, signal.SIGTERM)
        if time.monotonic() > deadline:
            raise ServiceFailed(
                f"The local SageMaker{f', process {told},' if told else ''} has not ended after {SECONDS_TO_END} s; "
                f"{folder / LOG} may say why." + (f" By force: kill -9 {told}" if told else "")
            )
        time.sleep(0.05)
    return True


def _spawned(command: list[str], log_file: Path) -> subprocess.Popen[Any]:
    paths = os.pathsep.join([str(PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])])
    # Appended to: of two that start at once, the one that gives way must not cut the other's.
    with os.fdopen(os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": paths},
        )
    # Outlives this program; where this program goes on, somebody must take note of its end.
    threading.Thread(target=process.wait, daemon=True).start()
    return process
