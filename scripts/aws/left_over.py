"""What a prefix still has that costs while it is there: the last look of `delete`."""

from collections.abc import Callable
from functools import partial

from scripts.aws import inventory
from scripts.aws.clients import Aws
from scripts.aws.endpoint_end import schedules
from scripts.aws.inventory import Thing
from scripts.aws.jobs import KINDS, JobKind
from scripts.aws.warm_pools import warm_pools


def left_over(aws: Aws, unseen: list[str]) -> list[Thing]:
    """The machines that still run or wait in a warm pool, the alarms that still watch, an inference component that
    would bring machines back, and a schedule that would delete a later endpoint of the same name.

    unseen: gets a sentence for each look that these credentials may not take.
    """
    looks: list[Callable[[Aws], list[Thing]]] = [
        inventory.endpoints,
        inventory.alarms,
        *(partial(_running, kind=kind) for kind in KINDS),
        warm_pools,
    ]
    things = [thing for look in looks for thing in inventory.seen(look, aws, unseen)]
    found = [thing for thing in things if thing.costs or thing.kind == inventory.COMPONENT]
    return found + inventory.seen(schedules, aws, [])  # one who may not see it was told before


def _running(aws: Aws, kind: JobKind) -> list[Thing]:
    return [
        Thing(kind.words, name, status, None, "by the second, until it ends")
        for _, name, status in inventory.running_jobs(aws, kind)
    ]
