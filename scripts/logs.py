"""`python -m scripts.logs [NAME]`: what a training job, a transform job or the endpoint wrote; the newest by default."""

import argparse
import sys

from scripts import names
from scripts.aws import Aws
from scripts.endpoints import describe_endpoint
from scripts.failure import Failure, ends_with_a_sentence
from scripts.jobs import ENDED, KINDS, print_lines
from scripts.log_tail import LogTail, endpoint_group
from scripts.settings import load_settings
from scripts.waiting import moments


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="logs", description="Print the log of a job or of the endpoint.")
    parser.add_argument("name", nargs="?", help="a job or an endpoint; default: the newest of them")
    parser.add_argument("--follow", action="store_true", help="go on until the job has ended, or until Ctrl-C")
    chosen = parser.parse_args(arguments)
    aws = Aws(load_settings())
    name = chosen.name or newest(aws)
    found = find_log(aws, name)
    if found is None:
        raise Failure(f"{name} has no log in {aws.region}. It has not begun to write, or `make status` knows it by another name.")
    log, kind = found
    print(f"--- {name}", file=sys.stderr)
    print_lines(log.new_lines())
    if chosen.follow:
        for _ in moments():
            ended = kind is not None and kind.describe(aws, name)[f"{kind.noun}Status"] in ENDED
            print_lines(log.new_lines())
            if ended:
                break
    return 0


def newest(aws: Aws) -> str:
    """The name of the job or endpoint that was made last. Raises Failure when there is none."""
    made = [
        (summary["CreationTime"], summary[f"{kind.noun}Name"])
        for kind in KINDS if (summary := next(kind.newest_first(aws), None))
    ]
    endpoint = describe_endpoint(aws, names.endpoint(aws.settings.prefix))
    if endpoint:
        made.append((endpoint["CreationTime"], endpoint["EndpointName"]))
    if not made:
        raise Failure(f"{aws.settings.prefix} has no job and no endpoint in {aws.region}. Run `make train`.")
    return max(made)[1]


def find_log(aws: Aws, name: str):
    """The log of whatever has this name and the kind of the job, None for an endpoint; None when nothing has written yet."""
    for kind in KINDS:
        if kind.log(aws, name).streams():
            return kind.log(aws, name), kind
    log = LogTail(aws.client("logs"), endpoint_group(name))
    return (log, None) if log.streams() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
