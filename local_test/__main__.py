"""A SageMaker on this machine, at one address for every AWS client.

up                  serve in the background
env                 print the variables that point AWS clients at it (starts it when it is down):
                      eval "$({command} env)"                          sh, bash, zsh
                      {command} env --shell fish | source              fish
                      {command} env --shell powershell | Out-String | Invoke-Expression
                      lines = !{command} env --shell notebook          a cell of a notebook,
                      get_ipython().run_cell(lines.n)                  and its second line
push IMAGE          bring an image of the engine to its ECR
logs [NAME]         what a job or an endpoint has printed; without a name, its own log
status              what runs
doctor              what of this machine keeps it from working, and what to do about it
interrupt JOB       take a spot job's instances away, as AWS does without asking
down                end it; jobs, models and S3 objects stay in its folder
clean               end it, and remove everything that it made: pushed images and their names, its folder
serve               serve in this terminal until Ctrl-C
"""

import argparse
import json
import logging
import os
import shutil
import signal
import socket
import sys
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from contract.waits import Wait
from local_test import clean, service_address
from local_test.api.logs import log_lines
from local_test.aws_cli import old_command_line
from local_test.aws_client import aws_client, push_image
from local_test.background import GAVE_WAY, LOG, ServiceFailed, start, stop
from local_test.doctor.__main__ import report as doctor
from local_test.environment import SHELLS, exports
from local_test.host.command import COMMAND
from local_test.host.engine import NoEngine, connect, emulation_note, published_ports_warning
from local_test.host.error_words import in_words
from local_test.host.folder_lock import AlreadyRunning
from local_test.host.identity import access_key_of
from local_test.host.labels import NAME, OWNED, find
from local_test.interception.variables import before

IN_REPOSITORY = Path("out/local")
VERBS = ["serve", "up", "env", "push", "logs", "status", "doctor", "interrupt", "down", "clean"]


def main(arguments: list[str], folder: Path = IN_REPOSITORY) -> int:
    """folder: of the state, unless another one is named. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description=(__doc__ or "").replace("{command}", COMMAND),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", nargs="?", default="serve", choices=VERBS)
    parser.add_argument("name", nargs="?", help="of push: an image; of interrupt and logs: a job")
    parser.add_argument(
        "--folder", "--state", type=Path, default=folder, metavar="DIR", help=f"its state; default: {folder}"
    )
    parser.add_argument("--port", type=int, help="default: the one it had, else a free one")
    parser.add_argument(
        "--allow-files",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="file:// URIs of requests may lead below this folder, and others named so; default: the working folder",
    )
    parser.add_argument("--shell", choices=SHELLS, default="sh", help="of env: whose lines; default: sh")
    parser.add_argument(
        "--intercept", action="store_true", help="of env: answer what clients send to AWS's own addresses, too"
    )
    parser.add_argument(
        "--strict",
        action=argparse.BooleanOptionalAction,
        help="refuse fields of requests that have no effect on one machine, such as VpcConfig; default: as it did last",
    )
    parser.add_argument("--json", action="store_true", help="of status and doctor: print one JSON document")
    args = parser.parse_args(arguments)
    if args.port is not None and not 0 <= args.port <= 65535:
        parser.error("--port must be at least 0 and at most 65535")
    if missing := [str(folder) for folder in args.allow_files if not folder.is_dir()]:
        parser.error(f"--allow-files takes folders, and {missing[0]} is none")
    try:
        return _run(args)
    except AlreadyRunning as error:
        print(f"error: {error}", file=sys.stderr)
        return GAVE_WAY
    except (NoEngine, ServiceFailed, ValueError, OSError) as error:
        print(f"error: {in_words(error)}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:  # what the service's own API refuses; its words are sentences
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(args: argparse.Namespace) -> int:
    folder, name = args.folder, args.name
    if args.verb == "serve":
        return serve(folder, args.port, args.allow_files, args.strict)
    if args.verb == "status":
        return show_status(folder, args.json)
    if args.verb == "doctor":
        return doctor(folder, args.json)
    if args.verb == "interrupt":
        return interrupt(folder, name)
    if args.verb == "logs":
        return show_logs(folder, name)
    if args.verb == "down":
        with Wait("the local SageMaker to end"):
            ended = stop(folder)
        kept = f"The local SageMaker has ended; its jobs, models and S3 objects stay in {folder}."
        print(kept if ended else f"The local SageMaker is not running (folder {folder}).")
        return 0
    if args.verb == "clean":
        with Wait("the local SageMaker to end"):
            stop(folder)
        status = clean.main(["--folder", str(folder)])
        if status == 0:
            shutil.rmtree(folder, ignore_errors=True)
        return status
    if args.verb == "push" and not name:
        print(f"error: name an image of the engine: {COMMAND} push IMAGE", file=sys.stderr)
        return 2
    # A notebook takes stderr for lines of Python, too.
    is_notebook = args.verb == "env" and args.shell == "notebook"
    with nullcontext() if is_notebook else Wait("the local SageMaker to start"):
        address = start(folder, args.port, args.allow_files, args.strict)
    if args.verb == "up":
        print(f"The local SageMaker is at {address.url}")
        if note := emulation_note(connect().info()):
            print(note)
    elif args.verb == "env":
        print("\n".join(exports(address, folder, os.environ, args.shell, args.intercept)))
        if not is_notebook and (warning := old_command_line(folder)):
            print(warning, file=sys.stderr)
    else:
        ecr = aws_client("ecr", address, access_key_of(folder))
        with Wait(f"the push of {name}"):
            pushed = push_image(connect(), ecr, address.region, name)
        print(f"Pushed. Requests name it {pushed}")
    return 0


def serve(folder: Path, port: int | None, allow_files: list[Path], strict: bool | None) -> int:
    """Serve until SIGINT or SIGTERM."""
    os.umask(0o077)  # objects, models, environments, logs: its user's alone
    # The service, its containers and its builds go out as the shell did before any interception.
    own = before(os.environ)
    os.environ.clear()
    os.environ.update(own)
    from local_test.service import Service  # moto: a second that the other verbs need not wait

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Any thread may be the one that the kernel interrupts; what then wakes this one is a byte, not the handler.
    heard, told = socket.socketpair()
    told.setblocking(False)
    with Service(folder, port, allow_files=allow_files, strict=strict) as service:
        signal.set_wakeup_fd(told.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda signum, frame: None)
        print(
            f"The local SageMaker is at {service.address.url}. In another terminal:\n"
            f'  eval "$({COMMAND} env{"" if folder == IN_REPOSITORY else f" --folder {folder}"})"\nCtrl-C ends it.',
            flush=True,
        )
        info = connect().info()
        for note in (published_ports_warning(info), emulation_note(info)):
            if note:
                print(note, flush=True)
        heard.recv(1)
        print("\nEnding: containers are being removed ...", flush=True)
    return 0


def show_status(folder: Path, as_json: bool = False) -> int:
    """Whether the service runs, and what in it. Returns 1 where it does not."""
    address = service_address.running(folder)
    if address is None:
        stopped = not_running(folder)
        print(json.dumps({"running": False, "folder": str(folder)}) if as_json else stopped)
        return 1
    containers = find(connect(), service=address.name)
    if as_json:
        listed = [{"kind": one.labels[OWNED], "name": one.labels[NAME], "state": one.status} for one in containers]
        found = {"running": True, "folder": str(folder), "url": address.url, "process": address.pid}
        print(json.dumps({**found, "containers": listed}, indent=2))
        return 0
    print(f"{address.url}  process {address.pid}  folder {folder}")
    for container in containers:
        print(f"  {container.labels[OWNED]:14} {container.labels[NAME]:45} {container.status}")
    return 0


def show_logs(folder: Path, name: str | None) -> int:
    """Of a job or an endpoint; without a name, the service's own."""
    if not name:
        log = folder / LOG
        if not log.exists():
            print(
                f"error: there is no {log}: no local SageMaker was started in the background there. One that serves in "
                "a terminal logs to that.",
                file=sys.stderr,
            )
            return 1
        print(log.read_text(errors="replace"), end="")
        return 0
    address = service_address.running(folder)
    if address is None:
        print(f"error: {not_running(folder)}", file=sys.stderr)
        return 1
    found = False
    for line in log_lines(aws_client("logs", address, access_key_of(folder)), name):
        found = True
        print(line)
    if not found:
        print(
            f"error: no job and no endpoint {name} has printed anything; in another region than {address.region} is "
            "not looked.",
            file=sys.stderr,
        )
    return 0 if found else 1


def not_running(folder: Path) -> str:
    """The sentence for verbs that need a service."""
    return f"The local SageMaker is not running (folder {folder}). Start it: {COMMAND} up"


def interrupt(folder: Path, job: str | None) -> int:
    address = service_address.running(folder)
    if not job:
        print(f"error: name a spot training job: {COMMAND} interrupt JOB", file=sys.stderr)
        return 2
    if address is None:
        print(f"error: {not_running(folder)}", file=sys.stderr)
        return 2
    service_address.control(folder, address, f"interrupt?job={quote(job)}", "POST")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
