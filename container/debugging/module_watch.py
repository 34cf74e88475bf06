"""Inputs and outputs of a model's modules during one forward pass, under the names that smdebug's hook gives them."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import nn

RELUS = (nn.ReLU, nn.ReLU6)


def names_to_watch(model: nn.Module) -> Iterator[tuple[str, Callable]]:
    """The first name of each thing that can be watched, and what registers a hook: it takes a module's hook and returns
    a handle.

    Names are `<module>_input_<n>` and `<module>_output_<n>`, where n counts the tensors of all calls in a pass: a ReLU
    that a block uses twice gives `..._output_0` and `..._output_1`. ReLUs have another tensor besides,
    `<module>_activity_<n>`, see `activity`."""
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
def watched_modules(
    model: nn.Module, wanted: Callable[[str], bool], take: Callable[[str, torch.Tensor], None]
) -> Iterator[None]:
    """Call take(name, tensor) for what modules get and give as long as the context lasts.

    wanted(name) is asked for each of `names_to_watch`, once. take must copy at once: in-place modules overwrite their
    inputs, and later ones their outputs."""
    calls: Counter[str] = Counter()

    def give(prefix: str, value) -> None:
        if isinstance(value, torch.Tensor):
            take(f"{prefix}{calls[prefix]}", value)
            calls[prefix] += 1
        elif isinstance(value, (tuple, list)):
            for part in value:
                give(prefix, part)

    handles = [
        register(partial(give, name.removesuffix("0"))) for name, register in names_to_watch(model) if wanted(name)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def activity(output: torch.Tensor) -> torch.Tensor:
    """A ReLU's output, float [n, channels, ...] -> float32 [channels]: the share, 0..1, of what is above 0."""
    others = [dimension for dimension in range(output.ndim) if dimension != 1]
    return (output > 0).float().mean(others)
