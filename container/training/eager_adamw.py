"""AdamW for a training loop that compiles nothing: without the import of torch's compiler, a third of the time of a
trial on features.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch

from container.runtime.torch_compiler import optimizer_methods_uncompiled

_step = inspect.unwrap(torch.optim.Adam.step)  # AdamW's is Adam's


class EagerAdamW(torch.optim.AdamW):
    """torch.optim.AdamW for a loop in eager mode: the same arithmetic, state and options, except `differentiable`."""

    def __init__(self, *arguments: Any, **options: Any):
        with optimizer_methods_uncompiled(torch.optim.Optimizer):
            super().__init__(*arguments, **options)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        # Adam's own decorator switches gradients off, too, but tells the compiler about it.
        return _step(self, closure)
