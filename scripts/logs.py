"""`python -m scripts.logs [NAME]`: what a job or the endpoint wrote, by default the newest; of a tuning job, its
trials.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial

from scripts.aws.clients import Aws
from scripts.aws.endpoints import describe_endpoint, hosts_components
from scripts.aws.jobs import KINDS, TRAINING, TRANSFORM, TUNING, kind_of, watch
from scripts.aws.log_tail import LogLine, LogTail, component_group, endpoint_group, print_lines
from scripts.aws.waiting import answers
from scripts.config import names
from scripts.config.settings import load_settings
from scripts.console.document import Document, add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.console.make import make
from scripts.console.tables import print_table
from scripts.console.waits import Wait
from scripts.tuning.job import read_tuning
from scripts.tuning.result import show_result, trials_as_json
from scripts.tuning.table import heading, table
from scripts.tuning.watch import watch_tuning


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="logs", description="Print the log of a job or of the endpoint, or the trials of a tuning job."
    )
    parser.add_argument(
        "name", nargs="?", help="a job, a trial or an endpoint; default: the newest of them, trials apart"
    )
    parser.add_argument("--follow", action="store_true", help="go on until the job has ended, or until Ctrl-C")
    add_json_option(parser, "each line as a JSON document of one line, or the trials as one document,")
    args = parser.parse_args(arguments)
    found = document(args.json)
    aws = Aws(load_settings())
    name = args.name or newest(aws)
    kind = kind_of(aws.settings.prefix, name)
    if kind is TUNING:
        return show_trials(aws, name, args.follow, found)
    found.in_lines = args.json
    show: Callable[[list[LogLine]], None] = partial(write_lines, found, name) if args.json else print_lines
    if args.follow and kind:
        watch(aws, kind, name, show=show)
        return 0
    log = find_log(aws, name)
    if log is None:
        raise Failure(
            f"{name} has no log in {aws.region}. It has not begun to write, or `{make('status')}` knows it by another "
            "name."
        )
    print(f"--- {name}", file=sys.stderr)
    with Wait(f"the log of {name}", is_told=args.follow):
        for _, lines in answers(log.new_lines):
            show(lines)
            if not args.follow:
                break
    return 0


def write_lines(found: Document, name: str, lines: list[LogLine]) -> None:
    """Print each line of the log of `name` as a JSON document of one line."""
    for line in lines:
        found.write_line({"name": name, "time": line.time, "host": line.host, "message": line.message})


def show_trials(aws: Aws, name: str, follow: bool, found: Document) -> int:
    """The trials of a tuning job in place of a log, which only they have; of one that has ended, its result."""
    tuning = watch_tuning(aws, name) if follow else read_tuning(aws, name)
    if tuning.has_ended:
        if why := show_result(aws, tuning, found):
            print(f"error: {why}", file=sys.stderr)
    else:
        found.update(**trials_as_json(tuning))
        print_table(table(tuning, list(tuning.trials)))
        print(f"\n{heading(tuning)}")
    return 0


def newest(aws: Aws) -> str:
    """The name of the job or endpoint that was made last. Raises Failure when there is none."""
    made = [
        (summary["CreationTime"], summary[f"{kind.noun}Name"])
        for kind in KINDS
        if (summary := next(kind.newest_first(aws), None))
    ]
    endpoint = describe_endpoint(aws, names.endpoint(aws.settings.prefix))
    if endpoint:
        made.append((endpoint["CreationTime"], endpoint["EndpointName"]))
    if not made:
        raise Failure(f"{aws.settings.prefix} has no job and no endpoint in {aws.region}. Run `{make('train')}`.")
    return max(made)[1]


def find_log(aws: Aws, name: str) -> LogTail | None:
    """The log of the job or the endpoint of this name, None when it has written nothing yet.

    Of an endpoint it is what was written since that was created: the group outlives the endpoint, and serves the next
    one."""
    for kind in (TRAINING, TRANSFORM):  # between them all groups that jobs write to
        if (log := kind.log(aws, name)).streams():
            return log
    endpoint = describe_endpoint(aws, name)
    since = int(endpoint["CreationTime"].timestamp() * 1000) if endpoint else 0
    # The one component of an endpoint of this project has its name.
    group = component_group(name) if endpoint and hosts_components(endpoint) else endpoint_group(name)
    log = LogTail(aws.client("logs"), group, since=since)
    return log if log.streams() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
