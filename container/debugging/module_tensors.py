"""Inputs and outputs of a model's modules during a forward pass, under the names that smdebug's hook gives them."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import nn

RELUS = (nn.ReLU, nn.ReLU6)


def tensor_sources(model: nn.Module) -> Iterator[tuple[str, Callable[..., Any]]]:
    """For each tensor that modules get or give: its first name, and a function that registers a hook and returns its
    handle.

    Names are `<module>_input_<n>` and `<module>_output_<n>`, where n counts the tensors of all calls in a pass: a ReLU
    that a block uses twice gives `..._output_0` and `..._output_1`. A ReLU has `<module>_activity_<n>` as well, see
    `activity`.
    """
    for name, module in model.named_modules():
        name = name or type(model).__name__
        yield (
            f"{name}_input_0",
            lambda give, module=module: module.register_forward_pre_hook(lambda _, inputs: give(inputs)),
        )
        yield (
            f"{name}_output_0",
            lambda give, module=module: module.register_forward_hook(lambda _, __, output: give(output)),
        )
        if isinstance(module, RELUS):
            yield (
                f"{name}_activity_0",
                lambda give, module=module: module.register_forward_hook(lambda _, __, output: give(activity(output))),
            )


@contextlib.contextmanager
def module_tensors(
    model: nn.Module, wanted: Callable[[str], bool], take: Callable[[str, torch.Tensor], None]
) -> Iterator[None]:
    """A context in which take(name, tensor) is called for inputs and outputs of modules.

    Args:
        model: whose modules get hooks.
        wanted: is asked once for each of `tensor_sources`.
        take: must copy at once: in-place modules overwrite their inputs, and later ones their outputs.
    """
    calls: Counter[str] = Counter()

    def give(prefix: str, value: object) -> None:
        if isinstance(value, torch.Tensor):
            take(f"{prefix}{calls[prefix]}", value)
            calls[prefix] += 1
        elif isinstance(value, (tuple, list)):
            for part in value:
                give(prefix, part)

    handles = [
        register(partial(give, name.removesuffix("0"))) for name, register in tensor_sources(model) if wanted(name)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def activity(output: torch.Tensor) -> torch.Tensor:
    """Share of a ReLU's outputs that are above 0, 0..1: float [n, channels, ...] -> float32 [channels]."""
    others = [dimension for dimension in range(output.ndim) if dimension != 1]
    return (output > 0).float().mean(others)
