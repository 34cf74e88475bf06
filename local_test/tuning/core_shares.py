"""Which processor cores a trial gets: trials that run at the same time share the machine without getting in each other's way.

On AWS each has an instance of its own. Here programs that each start a thread for every core would mostly wait for each other.
"""


def share(cores: int, parallel: int, running: set[int]) -> tuple[int, str | None]:
    """(place, cpuset) of the next trial. The cpuset is the engine's, such as `2-3`; None stands for all cores.

    cores: of the engine. parallel: trials that may run at once. running: places of those that do, from 0; not all are taken.
    """
    place = min(set(range(parallel)) - running)
    if parallel == 1 or cores == 1:
        return place, None
    if parallel >= cores:
        return place, str(place % cores)
    first, after = place * cores // parallel, (place + 1) * cores // parallel
    return place, str(first) if after - first == 1 else f"{first}-{after - 1}"
