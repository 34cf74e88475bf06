"""The service as a process in the background: started when it is down, ended with everything it started."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from local_test import service_address
from local_test.folder_lock import is_held

SECONDS_TO_START = 120
SECONDS_TO_END = 60


class ServiceFailed(RuntimeError):
    """The service in the background did not start, or did not end."""


def start(folder: Path, port: int | None) -> service_address.Address:
    """The address of this folder's service; it is started in the background when it is down. Raises ServiceFailed."""
    if address := service_address.running(folder):
        if port not in (None, address.port):
            raise ServiceFailed(f"It runs already, at {address.url}. End it first: python -m local_test down")
        return address
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "local_test", "serve", "--folder", str(folder)]
    log_file = folder / "service.log"
    # Appended to: of two that start at once, the one that gives way must not cut the other's.
    with log_file.open("a") as log:
        process = subprocess.Popen(
            command + (["--port", str(port)] if port is not None else []), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    # Outlives this program; where this program goes on, somebody must take note of its end.
    threading.Thread(target=process.wait, daemon=True).start()
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        address = service_address.running(folder)
        if address and port in (None, address.port):
            return address
        # One that gives way to another, which is being started in this moment, waits for that one.
        if process.poll() is not None and (address or not is_held(folder)):
            break
        time.sleep(0.05)
    process.terminate()
    with log_file.open("rb") as log:
        log.seek(max(0, log_file.stat().st_size - 2000))
        said = log.read().decode(errors="replace")
    raise ServiceFailed(f"The local SageMaker did not start. {log_file} ends:\n{said}")


def stop(folder: Path) -> bool:
    """End this folder's service and wait until its containers are gone. False when it does not run. Raises ServiceFailed."""
    address = service_address.running(folder)
    if address is None:
        return False
    with contextlib.suppress(ProcessLookupError):  # it has ended in this moment
        os.kill(address.pid, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_TO_END
    while is_held(folder):
        if time.monotonic() > deadline:
            raise ServiceFailed(f"Process {address.pid} has not ended after {SECONDS_TO_END} s; {folder / 'service.log'} may say why.")
        time.sleep(0.05)
    return True
