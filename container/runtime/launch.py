"""Which processes a job trains with: one for each GPU of each host, or one for each host that has none.

sagemaker-training starts the program once on each host and names the hosts in SM_HOSTS. A program that torchrun
started, or `run_all`, reads its rank from RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT.
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

from container.runtime.failure import TrainingFailure

PORT = 7777  # sagemaker-training's own, inside the network of the job's hosts
SECONDS_TO_END = 60  # for the other processes, when one has failed
# torchrun's variables, numbers but for the last
LAUNCHED = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_PORT", "MASTER_ADDR")


@dataclass(frozen=True)
class ProcessRank:
    """One process of the job, in torchrun's terms; the defaults are those of a job of one process.

    rank: 0 to world_size - 1. local_rank: 0 to local_world_size - 1, among the processes of its host. address, port:
    where rank 0 listens.
    """

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0
    local_world_size: int = 1
    address: str = "localhost"
    port: int = PORT


def process_ranks_here(environment: Mapping[str, str], gpus: int) -> list[ProcessRank]:
    """The processes of this host. gpus: how many it has; all hosts have as many. Raises TrainingFailure for variables
    that contradict each other.
    """
    if is_launched(environment):
        if missing := [name for name in LAUNCHED if name not in environment]:
            raise TrainingFailure(
                f"The environment variable WORLD_SIZE={environment['WORLD_SIZE']} says that torchrun started this "
                f"process, and {', '.join(missing)} of torchrun's are not set. Unset WORLD_SIZE, or set them all."
            )
        rank, world_size, local_rank, local_world_size, port = (int(environment[name]) for name in LAUNCHED[:-1])
        return [ProcessRank(rank, world_size, local_rank, local_world_size, environment["MASTER_ADDR"], port)]
    hosts = json.loads(environment.get("SM_HOSTS", "[]")) or ["localhost"]
    current = environment.get("SM_CURRENT_HOST", hosts[0])
    if current not in hosts:
        raise TrainingFailure(
            f"This host, {current}, is not among the job's hosts, {', '.join(hosts)}. resourceconfig.json must name "
            "current_host in hosts, too."
        )
    number = hosts.index(current)
    each = max(1, gpus)
    return [ProcessRank(number * each + one, len(hosts) * each, one, each, hosts[0], PORT) for one in range(each)]


def is_launched(environment: Mapping[str, str]) -> bool:
    """Whether this is one process of several that another program has started."""
    return "WORLD_SIZE" in environment


def run_all(
    process_ranks: list[ProcessRank],
    program: list[str],
    stop_requested: Callable[[], bool],
    failed: Callable[[int], None],
) -> int:
    """Run `program` once for each rank, to the end of all. Returns 0, or the status of the first that failed; -n for
    signal n.

    SIGTERM is forwarded to each of them; stop_requested says whether it came before this. When one fails,
    failed(status) is called, then the others are told to end, and killed where they do not."""
    processes: list[subprocess.Popen[bytes]] = []
    told = False

    def tell(signum: int | None = None, frame: object = None) -> None:
        nonlocal told
        told = True
        for process in processes:
            process.terminate()

    signal.signal(signal.SIGTERM, tell)
    # On a single host any free port will do, and another run may already use the fixed one.
    port = _free_port() if len(process_ranks) == process_ranks[0].world_size else process_ranks[0].port
    for process_rank in process_ranks:
        environment = {**os.environ, **_variables(replace(process_rank, port=port))}
        processes.append(subprocess.Popen(program, env=environment))
    if told or stop_requested():
        tell()

    def kill_all() -> None:
        for process in processes:
            process.kill()

    kill = threading.Timer(SECONDS_TO_END, kill_all)
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


def _variables(process_rank: ProcessRank) -> dict[str, str]:
    return {
        "RANK": str(process_rank.rank),
        "WORLD_SIZE": str(process_rank.world_size),
        "LOCAL_RANK": str(process_rank.local_rank),
        "LOCAL_WORLD_SIZE": str(process_rank.local_world_size),
        "MASTER_ADDR": process_rank.address,
        "MASTER_PORT": str(process_rank.port),
    }


class StopRequest:
    """Notes SIGTERM from its creation on. `made()` says whether it has come."""

    def __init__(self) -> None:
        self._made = False
        signal.signal(signal.SIGTERM, self._note)

    def _note(self, signum: int, frame: object) -> None:
        self._made = True

    def made(self) -> bool:
        return self._made
