"""What is kept of a tensor that training goes on changing: a copy, or a few numbers that sum it up."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import torch

Reduction = tuple[str, bool]  # smdebug's name of it, and whether it is of the absolute values

_REDUCTIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "min": torch.amin,
    "max": torch.amax,
    "mean": torch.mean,
    "std": torch.std,
    "variance": torch.var,
    "sum": torch.sum,
    "prod": torch.prod,
    "l1": lambda tensor: torch.linalg.vector_norm(tensor, 1),
    "l2": torch.linalg.vector_norm,
}
_OF_SEVERAL = ("std", "variance")  # one number alone has no sample deviation


@dataclass(frozen=True)
class TensorCopy:
    """value: the whole tensor, or None; numbers: float32 [n], one for each of the n reductions; shape: or None when it
    is not asked for.
    """

    name: str
    value: torch.Tensor | None
    reductions: tuple[Reduction, ...]
    numbers: torch.Tensor
    shape: tuple[int, ...] | None


@torch.no_grad()
def copy_of(
    name: str,
    tensor: torch.Tensor,
    whole: bool,
    reductions: Collection[Reduction],
    shape: bool = False,
    scale: float = 1.0,
) -> TensorCopy:
    """Copy `tensor` divided by `scale`, and reduce it, on its own device and without a wait for it.

    tensor: of any shape but an empty one, dtype and memory format. bfloat16 and float16, which numpy has not or sums
    badly, become float32. std and variance are those of a sample, as in smdebug's own hook, and left out for a single
    number."""
    exact = tensor.detach()
    if exact.dtype in (torch.bfloat16, torch.float16):
        exact = exact.float()
    if scale != 1.0:
        exact = exact / scale
    kept = tuple(reduction for reduction in reductions if exact.numel() > 1 or reduction[0] not in _OF_SEVERAL)
    summed = exact.float()
    numbers = [reduced(summed, *reduction) for reduction in kept]
    value = None
    if whole:
        value = exact.clone() if exact.data_ptr() == tensor.data_ptr() else exact
    return TensorCopy(
        name, value, kept, torch.stack(numbers) if numbers else torch.empty(0), tuple(tensor.shape) if shape else None
    )


def reduced(tensor: torch.Tensor, name: str, absolute: bool) -> torch.Tensor:
    """float32 of any shape -> float32 scalar: smdebug's reduction of that name, of the values or of their absolute
    values.
    """
    if absolute and name == "mean":  # the same without a copy of the tensor
        return torch.linalg.vector_norm(tensor, 1) / tensor.numel()
    return _REDUCTIONS[name](tensor.abs() if absolute else tensor)
