"""AdamW without the compiler, which torch imports (torch._dynamo, sympy, triton) when an optimiser is first made and
used.

That takes more than a second: a third of a trial on features, which never compiles anything. Written against torch 2.10
(torch/_compile.py, torch/optim/optimizer.py); where a later torch does it otherwise, this changes nothing but the time.
"""

import inspect

import torch

_step = inspect.unwrap(torch.optim.Adam.step)  # AdamW's is Adam's


class EagerAdamW(torch.optim.AdamW):
    """torch.optim.AdamW for a loop in eager mode: the same arithmetic, state and options, except `differentiable`."""

    def __init__(self, *arguments, **options):
        for method in vars(torch.optim.Optimizer).values():
            code = getattr(method, "__code__", None)
            if code is not None and code.co_filename.endswith("torch/_compile.py"):
                # Where torch remembers what the compiler made of a method that it shall not compile.
                setattr(method.__wrapped__, "__dynamo_disable", method.__wrapped__)
        super().__init__(*arguments, **options)

    @torch.no_grad()
    def step(self, closure=None):
        # Adam's own decorator switches gradients off, too, but tells the compiler about it.
        return _step(self, closure)
