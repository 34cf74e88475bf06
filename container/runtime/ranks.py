"""The processes that train one model together, one for each GPU or host, and what they tell each other.

torch.distributed: NCCL between GPUs, gloo between processors. https://docs.pytorch.org/docs/stable/distributed.html
A run of one process has the same functions, and they do nothing.
"""

import os
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn

from container.runtime.launch import Place

T = TypeVar("T")
PATIENCE = timedelta(minutes=20)  # for a process that decodes pictures or writes a model while the others wait


@dataclass(frozen=True)
class Ranks:
    """rank: 0 is the one that prints and writes. on_host: the process's number on its own host, which has `per_host` of
    them.
    """

    rank: int = 0
    size: int = 1
    on_host: int = 0
    per_host: int = 1

    @property
    def cores(self) -> int:
        """How many of the host's cores this process may use."""
        return max(1, len(os.sched_getaffinity(0)) // self.per_host)

    def part(self, count: int) -> tuple[int, int]:
        """start and stop of this process's share of `count` things that all of them have in one order."""
        return count * self.rank // self.size, count * (self.rank + 1) // self.size

    def any(self, flag: bool) -> bool:
        """Whether it is true in one of the processes."""
        if self.size == 1:
            return flag
        found = torch.tensor(int(flag))
        dist.all_reduce(found, dist.ReduceOp.MAX)
        return bool(found)

    def mean(self, values: torch.Tensor) -> torch.Tensor:
        """The mean over the processes; values: float on the CPU, of one shape."""
        if self.size == 1:
            return values
        total = values.clone()
        dist.all_reduce(total)
        return total / self.size

    def all_parts(self, mine: torch.Tensor, count: int) -> torch.Tensor:
        """The shares that `part(count)` gave out, put together again. mine: on the CPU, [rows of this process, ...]."""
        if self.size == 1:
            return mine
        bounds = [Ranks(rank, self.size).part(count) for rank in range(self.size)]
        most = max(stop - start for start, stop in bounds)
        padded = torch.cat([mine, mine.new_zeros((most - len(mine), *mine.shape[1:]))])
        every = [torch.empty_like(padded) for _ in bounds]
        dist.all_gather(every, padded)
        return torch.cat([one[: stop - start] for one, (start, stop) in zip(every, bounds, strict=True)])

    def from_first(self, value: T) -> T:
        """What process 0 has. value: anything that can be pickled; of the others it does not matter."""
        if self.size == 1:
            return value
        carried = [value]
        dist.broadcast_object_list(carried)
        return carried[0]

    def from_first_on_host(self, value: T) -> T:
        """What the first process of this one's host has. value: anything that can be pickled."""
        if self.size == 1:
            return value
        every: list = [None] * self.size
        dist.all_gather_object(every, (socket.gethostname(), self.on_host, value))
        return next(given for host, number, given in every if (host, number) == (socket.gethostname(), 0))

    def agree(self, value: str) -> bool:
        """Whether all processes have the same text."""
        if self.size == 1:
            return True
        every: list[str | None] = [None] * self.size
        dist.all_gather_object(every, value)
        return len(set(every)) == 1

    def share_statistics(self, model: nn.Module) -> None:
        """Give every process the batch normalisation's statistics of process 0, which are those that are kept."""
        if self.size > 1:
            for buffer in model.buffers():
                dist.broadcast(buffer, 0)

    def part_company(self) -> None:
        """The end of what is done together: from here on each process may end when it likes.

        The group is not taken apart: that joins threads which may be waiting for Python's lock, and holds the lock
        meanwhile. The program ends with os._exit."""
        if self.size > 1:
            dist.barrier()


def join(place: Place, device: torch.device) -> Ranks:
    """Meet the other processes at process 0. Returns when all have come."""
    if interface := os.environ.get("SM_NETWORK_INTERFACE_NAME"):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
        os.environ.setdefault("NCCL_SOCKET_IFNAME", interface)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(
        backend,
        init_method=f"tcp://{place.address}:{place.port}",
        rank=place.rank,
        world_size=place.size,
        timeout=PATIENCE,
    )
    return Ranks(place.rank, place.size, place.on_host, place.per_host)


def is_of_a_lost_peer(error: BaseException) -> bool:
    """Whether an error of a run of several processes says no more than that another one has gone."""
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error))
