"""`python -m scripts.status`: a table of everything that the prefix has, and of what costs money while it is there."""

import argparse
import sys

from scripts import inventory
from scripts.aws import Aws
from scripts.failure import ends_with_a_sentence
from scripts.settings import load_settings


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="status", description="List what the prefix has on AWS, and what of it costs money.")
    parser.parse_args(arguments)
    aws = Aws(load_settings())
    things = [
        *inventory.endpoints(aws), *inventory.jobs(aws), *inventory.endpoint_configs(aws), *inventory.models(aws),
        *inventory.repositories(aws), *inventory.storage(aws),
    ]
    if not things:
        print(f"{aws.settings.prefix} has nothing in {aws.region}")
        return 0
    print(inventory.table(things))
    costly = [one for one in things if one.costs]
    print()
    print(f"{len(costly)} of these cost money: `make delete` lists and removes them." if costly else "Nothing here costs money.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
