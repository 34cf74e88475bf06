"""`python -m scripts.status`: a table of everything that the prefix has, and of what costs money while it is there."""

import argparse
import sys
from collections.abc import Callable
from functools import partial

from scripts.aws import inventory
from scripts.aws.clients import Aws
from scripts.aws.endpoint_end import schedules
from scripts.aws.jobs import KINDS
from scripts.aws.running_costs import with_costs
from scripts.aws.warm_pools import warm_pools
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import ends_with_a_sentence
from scripts.console.make import make
from scripts.console.tables import print_table
from scripts.console.waits import Wait


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="status", description="List what the prefix has on AWS, and what of it costs money."
    )
    add_json_option(parser)
    found = document(parser.parse_args(arguments).json)
    aws = Aws(load_settings())
    unseen: list[str] = []
    looks: list[Callable[[Aws], list[inventory.Thing]]] = [
        inventory.endpoints,
        schedules,
        inventory.alarms,
        *(partial(inventory.jobs, kind=kind) for kind in KINDS),
        warm_pools,
        inventory.endpoint_configs,
        inventory.models,
        inventory.repositories,
        inventory.storage,
    ]
    with Wait(f"what {aws.settings.prefix} has in {aws.region}"):
        things = with_costs(aws, [thing for look in looks for thing in inventory.seen(look, aws, unseen)])
    found.update(
        prefix=aws.settings.prefix, region=aws.region, resources=[thing.as_row() for thing in things], unseen=unseen
    )
    for one in unseen:
        print(f"warning: not all can be shown. {one}", file=sys.stderr)
    if not things and not unseen:
        print(f"{aws.settings.prefix} has nothing in {aws.region}")
        return 0
    print_table(inventory.table(things))
    costly = [one for one in things if one.costs]
    print()
    if costly:
        print(f"{len(costly)} of these cost money: `{make('delete')}` lists and removes them.")
    elif aws.settings.costs.say and not unseen:
        print("Nothing here costs money.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
