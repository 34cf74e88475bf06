"""The processes that train one model together, one for each GPU or host, and their collective operations.

torch.distributed: NCCL between GPUs, gloo between processors. https://docs.pytorch.org/docs/stable/distributed.html
In a job of one process the same methods return at once, without torch.distributed.
"""

import os
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import nn

from container.runtime.launch import ProcessRank

T = TypeVar("T")
PATIENCE = timedelta(minutes=20)  # for a process that decodes pictures or writes a model while the others wait


@dataclass(frozen=True)
class Ranks:
    """The process group as one of its processes sees it. rank: 0 is the one that prints and writes.

    world_size, local_rank, local_world_size: as in `ProcessRank`.
    """

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0
    local_world_size: int = 1

    @property
    def cores(self) -> int:
        """How many of the host's cores this process may use."""
        return max(1, len(os.sched_getaffinity(0)) // self.local_world_size)

    def part(self, count: int) -> tuple[int, int]:
        """start and stop of this process's share of `count` items, which all processes have in the same order."""
        return count * self.rank // self.world_size, count * (self.rank + 1) // self.world_size

    def any(self, flag: bool) -> bool:
        """Whether it is true in at least one of the processes."""
        if self.world_size == 1:
            return flag
        found = torch.tensor(int(flag))
        dist.all_reduce(found, dist.ReduceOp.MAX)
        return bool(found)

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """The mean over the processes; values: float on the CPU, of one shape."""
        if self.world_size == 1:
            return values
        total = values.clone()
        dist.all_reduce(total)
        return total / self.world_size

    def all_parts(self, mine: torch.Tensor, count: int) -> torch.Tensor:
        """The shares of `part(count)`, gathered in order. mine: on the CPU, [rows of this process, ...]."""
        if self.world_size == 1:
            return mine
        bounds = [Ranks(rank, self.world_size).part(count) for rank in range(self.world_size)]
        most = max(stop - start for start, stop in bounds)
        padded = torch.cat([mine, mine.new_zeros((most - len(mine), *mine.shape[1:]))])
        every = [torch.empty_like(padded) for _ in bounds]
        dist.all_gather(every, padded)
        return torch.cat([one[: stop - start] for one, (start, stop) in zip(every, bounds, strict=True)])

    def from_first(self, value: T) -> T:
        """The value of rank 0, in every process. value: anything that can be pickled; other ranks' is ignored."""
        if self.world_size == 1:
            return value
        carried = [value]
        dist.broadcast_object_list(carried)
        return carried[0]

    def from_first_on_host(self, value: T) -> T:
        """The value of local rank 0 of this host. value: anything that can be pickled."""
        if self.world_size == 1:
            return value
        every: list[Any] = [None] * self.world_size
        dist.all_gather_object(every, (socket.gethostname(), self.local_rank, value))
        return next(given for host, number, given in every if (host, number) == (socket.gethostname(), 0))

    def agree(self, value: str) -> bool:
        """Whether all processes have the same text."""
        if self.world_size == 1:
            return True
        every: list[str | None] = [None] * self.world_size
        dist.all_gather_object(every, value)
        return len(set(every)) == 1

    def share_statistics(self, model: nn.Module) -> None:
        """Give every process the batch normalisation statistics of rank 0, which are the ones that are saved."""
        if self.world_size > 1:
            for buffer in model.buffers():
                dist.broadcast(buffer, 0)

    def close(self) -> None:
        """Wait until every process has come to the end of the shared work; then each may end when it likes.

        The process group is not destroyed: that joins threads which may be waiting for Python's lock, and holds the
        lock meanwhile. The program ends with os._exit."""
        if self.world_size > 1:
            dist.barrier()


ALONE = Ranks()


def join(process_rank: ProcessRank, device: torch.device) -> Ranks:
    """Join the process group of the job. Returns when all processes have joined."""
    if interface := os.environ.get("SM_NETWORK_INTERFACE_NAME"):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
        os.environ.setdefault("NCCL_SOCKET_IFNAME", interface)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(
        backend,
        init_method=f"tcp://{process_rank.address}:{process_rank.port}",
        rank=process_rank.rank,
        world_size=process_rank.world_size,
        timeout=PATIENCE,
    )
    return Ranks(process_rank.rank, process_rank.world_size, process_rank.local_rank, process_rank.local_world_size)


def is_of_a_lost_peer(error: BaseException) -> bool:
    """Whether an error says no more than that another process of the job has gone."""
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error))
