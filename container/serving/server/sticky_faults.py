"""Whether a worker fails for a reason of its own, which only a new process is rid of, and not for what its clients
send.

A CUDA error stays for the life of a process: every call after it fails
(https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__ERROR.html). So does a lost connection, or a module's
state after an exception in its middle. A model that rejects odd inputs with an exception looks the same from outside.
What tells them apart is a request that was answered before: the worker ends only when that one fails as well."""

import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus

import torch

from container.serving.request.invocation import Invocation

log = logging.getLogger(__name__)
IN_A_ROW = 8  # faults with one cause, with no answer among them, before the known request is tried
MOST_IN_A_ROW = 1024  # where it was answered each time: the inputs are odd, and trying costs their clients time
MOST_KEPT = 4 * 1024 * 1024  # bytes of the known request


class StickyFaults:
    """answer: gives each of some invocations its answer. device_fault: what is wrong with the device, None for
    nothing.
    """

    def __init__(self, answer: Callable[[Sequence[Invocation]], None], device_fault: Callable[[], str | None]):
        self._answer, self._device_fault = answer, device_fault
        self._known: Invocation | None = None
        self._cause, self._count, self._needed = "", 0, IN_A_ROW

    def reason_to_end(self, invocations: Sequence[Invocation]) -> str | None:
        """invocations: of one batch, answered. A sentence without its full stop, or None while the worker is of use."""
        for invocation in invocations:
            self._note(invocation)
        if self._count == 0 or not any(invocation.fault for invocation in invocations):
            return None
        if fault := self._device_fault():
            return f"its device does not work any more: {fault}"
        if self._count < self._needed or self._known is None:
            return None
        again = self._known.again()
        self._answer([again])
        if again.fault:
            return (
                f"{self._count} requests in a row failed with {self._cause}, and so does one that was answered before"
            )
        log.warning(
            "%d requests in a row failed with %s, but one that was answered before still is: the worker goes on",
            self._count,
            self._cause,
        )
        self._count, self._needed = 0, min(2 * self._needed, MOST_IN_A_ROW)
        return None

    def _note(self, invocation: Invocation) -> None:
        status, _ = invocation.context.get_response_status(0)
        if invocation.fault:
            self._count = self._count + 1 if invocation.fault == self._cause else 1
            self._cause = invocation.fault
        elif status < HTTPStatus.BAD_REQUEST:
            self._count, self._needed = 0, IN_A_ROW
            if len(invocation.body) <= MOST_KEPT:
                self._known = invocation


def cuda_fault() -> str | None:
    """The first line of what CUDA says once it has failed for good; None while it works, or is not used."""
    if not torch.cuda.is_initialized():
        return None
    try:
        torch.cuda.synchronize()
    except RuntimeError as error:
        return str(error).partition("\n")[0]
    return None
