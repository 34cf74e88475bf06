"""`python -m local_test`: a SageMaker on this machine, at one address for every AWS client.

python -m local_test                     serve in this terminal until Ctrl-C
python -m local_test up                  serve in the background
eval "$(python -m local_test env)"       point every AWS client of this shell at it (starts it when it is down)
python -m local_test status              what runs
python -m local_test interrupt JOB       take a spot job's instances away, as AWS does without asking
python -m local_test down                end it; jobs, models and S3 objects stay in its folder
"""

import argparse
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from urllib.parse import quote

from local_test import service_address
from local_test.background import GAVE_WAY, ServiceFailed, start, stop
from local_test.environment import exports
from local_test.host.engine import NoEngine, connect, published_ports_warning
from local_test.host.folder_lock import AlreadyRunning
from local_test.host.labels import NAME, OWNED, find
from local_test.shells import SHELLS


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m local_test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "verb", nargs="?", default="serve", choices=["serve", "up", "env", "status", "interrupt", "down"]
    )
    parser.add_argument("job", nargs="?", help="of interrupt")
    parser.add_argument("--folder", type=Path, default=Path("out/local"), help="its state; default: out/local")
    parser.add_argument("--port", type=int, help="default: the one it had, else a free one")
    parser.add_argument(
        "--allow-files",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="file:// URIs of requests may lead below this folder, and others named so; default: the working folder",
    )
    parser.add_argument("--shell", choices=SHELLS, default="sh", help="of env: whose lines; default: sh (bash, zsh)")
    parser.add_argument(
        "--intercept", action="store_true", help="of env: answer what clients send to AWS's own addresses, too"
    )
    chosen = parser.parse_args(arguments)
    try:
        if chosen.verb == "serve":
            return serve(chosen.folder, chosen.port, chosen.allow_files)
        if chosen.verb == "up":
            print(f"The local SageMaker is at {start(chosen.folder, chosen.port, chosen.allow_files).url}")
        elif chosen.verb == "env":
            address = start(chosen.folder, chosen.port, chosen.allow_files)
            print("\n".join(exports(address, chosen.folder, os.environ, chosen.shell, chosen.intercept)))
        elif chosen.verb == "status":
            return show_status(chosen.folder)
        elif chosen.verb == "interrupt":
            return interrupt(chosen.folder, chosen.job)
        else:
            print(
                f"The local SageMaker has ended; its jobs, models and S3 objects stay in {chosen.folder}."
                if stop(chosen.folder)
                else "It is not running."
            )
    except AlreadyRunning as error:
        print(f"error: {error}", file=sys.stderr)
        return GAVE_WAY
    except (NoEngine, ServiceFailed, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def serve(folder: Path, port: int | None, allow_files: list[Path]) -> int:
    """Serve until SIGINT or SIGTERM."""
    os.umask(0o077)  # objects, models, environments, logs: its user's alone
    from local_test.service import Service  # moto: a second that the other verbs need not wait

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Any thread may be the one that the kernel interrupts; what then wakes this one is a byte, not the handler.
    heard, told = socket.socketpair()
    told.setblocking(False)
    with Service(folder, port, allow_files=allow_files) as service:
        signal.set_wakeup_fd(told.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda signum, frame: None)
        print(
            f"The local SageMaker is at {service.address.url}. In another terminal:\n"
            '  eval "$(python -m local_test '
            f'env{"" if folder == Path("out/local") else f" --folder {folder}"})"\nCtrl-C ends it.',
            flush=True,
        )
        if warning := published_ports_warning(connect().info()):
            print(warning, flush=True)
        heard.recv(1)
        print("\nEnding: containers are being removed ...", flush=True)
    return 0


def show_status(folder: Path) -> int:
    address = service_address.running(folder)
    if address is None:
        print(f"It is not running (folder {folder}). Start it: python -m local_test up")
        return 1
    print(f"{address.url}  process {address.pid}  folder {folder}")
    for container in find(connect(), service=address.name):
        print(f"  {container.labels[OWNED]:14} {container.labels[NAME]:45} {container.status}")
    return 0


def interrupt(folder: Path, job: str | None) -> int:
    address = service_address.running(folder)
    if address is None or not job:
        print("error: name a job of a running service: python -m local_test interrupt JOB", file=sys.stderr)
        return 2
    service_address.control(folder, address, f"interrupt?job={quote(job)}", "POST")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
