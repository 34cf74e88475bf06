"""Copies and reductions of tensors that training goes on changing."""

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
    """What is saved of a tensor.

    value: the whole tensor, or None. numbers: float32 [n], one for each of the n reductions. shape: None when it is not
    asked for.
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
    """Copy and reduce a tensor on its own device, without waiting for the device.

    Args:
        name: of the copy.
        tensor: of any shape but an empty one, dtype and memory format.
        whole: whether the tensor itself is copied. bfloat16 and float16, which NumPy lacks or sums badly, become
            float32.
        reductions: names, and whether of the absolute values. std and variance are those of a sample, as in smdebug's
            own hook, and left out for a single number.
        shape: whether the shape is kept.
        scale: the tensor is divided by it.
    """
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
    """smdebug's reduction of that name: float32 of any shape -> float32 scalar.

    Args:
        tensor: to reduce.
        name: min, max, mean, std, variance, sum, prod, l1 or l2.
        absolute: of the absolute values.
    """
    if absolute and name == "mean":  # the same without a copy of the tensor
        return torch.linalg.vector_norm(tensor, 1) / tensor.numel()
    return _REDUCTIONS[name](tensor.abs() if absolute else tensor)
