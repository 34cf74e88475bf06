"""Which processor cores a trial gets: trials that run at the same time share the machine without getting in each
other's way.

On AWS each has an instance of its own. Here programs that each start a thread for every core would mostly wait for each
other."""

from collections.abc import Sequence


def share(cores: Sequence[int], parallel: int, running: set[int]) -> tuple[int, str | None]:
    """(place, cpuset) of the next trial. The cpuset is the engine's, such as `2,3`; None stands for all cores.

    cores: their numbers. parallel: trials that may run at once. running: places of those that do, from 0; not all are
    taken."""
    place, count = min(set(range(parallel)) - running), len(cores)
    if parallel == 1 or count == 1:
        return place, None
    mine = (
        [cores[place % count]]
        if parallel >= count
        else cores[place * count // parallel : (place + 1) * count // parallel]
    )
    return place, ",".join(map(str, mine))
