"""`python -m scripts.stop [JOB]`: stop a running job, by default the newest; a tuning job with its trials. A model so
far is kept.
"""

import argparse
import sys

from scripts.aws.clients import Aws, as_json
from scripts.aws.jobs import KINDS, kind_of
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.console.make import make


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="stop", description="Stop a running job.")
    parser.add_argument("job", nargs="?", help="default: the newest that runs; a trial of a tuning job must be named")
    parser.add_argument("--dry-run", action="store_true", help="print the request, stop nothing")
    add_json_option(parser)
    args = parser.parse_args(arguments)
    found = document(args.json)
    aws = Aws(load_settings())
    named = kind_of(aws.settings.prefix, args.job) if args.job else None
    running = [
        (summary["CreationTime"], summary[f"{kind.noun}Name"], kind)
        for kind in ([named] if named else KINDS)
        for summary in kind.newest_first(aws, StatusEquals="InProgress")
    ]
    wanted = [one for one in running if args.job in (None, one[1])]
    if not wanted:
        what = f"{args.job} is not running" if args.job else f"No job of {aws.settings.prefix} is running"
        raise Failure(f"{what} in {aws.region}. `{make('status')}` lists what is there.")
    _, name, kind = max(wanted, key=lambda one: one[0])
    call = kind.stop_call(name)
    if args.dry_run:
        found.write_text(as_json([call]))
        return 0
    aws.make(call)
    found.update(job=name, status="Stopping")
    print(f"{name} is stopping; it has up to 120 seconds to end")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
