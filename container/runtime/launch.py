"""Which processes a job trains with: one for each GPU of each host, or one for each host that has none.

sagemaker-training starts the program once on each host and names the hosts in SM_HOSTS. A program that torchrun
started, or `run_all`, finds its place in RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT.
https://docs.pytorch.org/docs/stable/elastic/run.html#environment-variables"""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

PORT = 7777  # sagemaker-training's own, inside the network of the job's hosts
SECONDS_TO_END = 60  # for the other processes, when one has failed


@dataclass(frozen=True)
class Place:
    """A process of the job. rank: 0 to size - 1; on_host: its number on its host, which has per_host of them.

    address, port: where process 0 is met.
    """

    rank: int
    size: int
    on_host: int
    per_host: int
    address: str
    port: int


def places_here(environment: Mapping[str, str], gpus: int) -> list[Place]:
    """The processes of this host. gpus: how many it has; all hosts have as many."""
    if is_launched(environment):
        rank, size, on_host, per_host, port = (
            int(environment[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_PORT")
        )
        return [Place(rank, size, on_host, per_host, environment["MASTER_ADDR"], port)]
    hosts = json.loads(environment.get("SM_HOSTS", "[]")) or ["localhost"]
    number = hosts.index(environment.get("SM_CURRENT_HOST", hosts[0]))
    each = max(1, gpus)
    return [Place(number * each + one, len(hosts) * each, one, each, hosts[0], PORT) for one in range(each)]


def is_launched(environment: Mapping[str, str]) -> bool:
    """Whether this is one process of several that another program has started."""
    return "WORLD_SIZE" in environment


def run_all(
    places: list[Place], program: list[str], stop_requested: Callable[[], bool], failed: Callable[[int], None]
) -> int:
    """Run `program` once for each place, to the end of all. Returns 0, or the status of the first that failed; -n for
    signal n.

    SIGTERM goes on to each of them; stop_requested says whether it came before this. When one fails, failed(status) is
    called, then the others are told to end, and killed where they do not."""
    processes: list[subprocess.Popen] = []
    told = False

    def tell(signum=None, frame=None) -> None:
        nonlocal told
        told = True
        for process in processes:
            process.terminate()

    signal.signal(signal.SIGTERM, tell)
    # On one host alone any port will do, and another run may have the usual one.
    port = _free_port() if len(places) == places[0].size else places[0].port
    for place in places:
        processes.append(subprocess.Popen(program, env={**os.environ, **_variables(replace(place, port=port))}))
    if told or stop_requested():
        tell()
    kill = threading.Timer(SECONDS_TO_END, lambda: [process.kill() for process in processes])
    first_failure = 0
    with ThreadPoolExecutor(len(processes)) as waiting:
        for ended in as_completed([waiting.submit(process.wait) for process in processes]):
            if ended.result() != 0 and not first_failure:
                first_failure = ended.result()
                failed(first_failure)
                tell()
                kill.start()
    kill.cancel()
    return first_failure


def _free_port() -> int:
    with socket.create_server(("", 0)) as server:
        return server.getsockname()[1]


def _variables(place: Place) -> dict[str, str]:
    return {
        "RANK": str(place.rank),
        "WORLD_SIZE": str(place.size),
        "LOCAL_RANK": str(place.on_host),
        "LOCAL_WORLD_SIZE": str(place.per_host),
        "MASTER_ADDR": place.address,
        "MASTER_PORT": str(place.port),
    }
