"""The service as a process in the background: started when it is down, ended with everything it started."""

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
    with (folder / "service.log").open("w") as log:
        process = subprocess.Popen(
            command + (["--port", str(port)] if port is not None else []), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    # Outlives this program; where this program goes on, somebody must take note of its end.
    threading.Thread(target=process.wait, daemon=True).start()
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        if (address := service_address.running(folder)) and address.pid == process.pid:
            return address
        time.sleep(0.05)
    raise ServiceFailed(f"The local SageMaker did not start. {folder / 'service.log'} ends:\n{(folder / 'service.log').read_text()[-2000:]}")


def stop(folder: Path) -> bool:
    """End this folder's service and wait until its containers are gone. False when it does not run. Raises ServiceFailed."""
    address = service_address.running(folder)
    if address is None:
        return False
    os.kill(address.pid, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_TO_END
    while is_held(folder):
        if time.monotonic() > deadline:
            raise ServiceFailed(f"Process {address.pid} has not ended after {SECONDS_TO_END} s; {folder / 'service.log'} may say why.")
        time.sleep(0.05)
    return True
