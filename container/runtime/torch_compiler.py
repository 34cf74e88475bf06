"""torch's compiler (torch._dynamo, sympy, triton) left out of processes that compile nothing. Its import takes more
than a second, of every start of an endpoint and of every trial on features.

All that this program uses of torch's internals is here, and it saves time only: with a torch that does otherwise the
compiler is imported, with a warning, and everything else is the same. Written against torch 2.10 and torchvision 0.25.
"""

import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

COMPILER, NEEDED_OF_IT = "torch._dynamo.utils", "is_compile_supported"
WRAPPERS = "torch/_compile.py"  # where torch makes its optimisers' methods ones that import the compiler


def import_without_compiler(name: str) -> types.ModuleType:
    """Import a module of torchvision that would import the compiler.

    torchvision/ops/roi_align.py takes `is_compile_supported` from torch._dynamo.utils, for regions of interest with
    gradients. Here it gets one that asks torch when it is called, and any other name from the real module. Whoever
    imports torchvision before this has it whole; torchvision.transforms.v2, with which training augments, imports the
    compiler itself.
    """
    if COMPILER in sys.modules:
        return importlib.import_module(name)
    sys.modules[COMPILER] = stand_in = _compiler_when_called()
    try:
        with _warning_where_imported(f"the import of {name}"):
            return importlib.import_module(name)
    finally:
        if sys.modules.get(COMPILER) is stand_in:
            del sys.modules[COMPILER]


@contextmanager
def optimizer_methods_uncompiled(optimizer_class: Any) -> Iterator[None]:
    """While an optimiser is made: its class's methods that torch keeps from being compiled do not import the compiler
    for that, then or later.

    optimizer_class: torch.optim.Optimizer.
    """
    for method in vars(optimizer_class).values():
        code = getattr(method, "__code__", None)
        if code is not None and code.co_filename.endswith(WRAPPERS):
            # Where torch remembers what the compiler made of a method that it shall not compile.
            setattr(method.__wrapped__, "__dynamo_disable", method.__wrapped__)
    with _warning_where_imported("an optimiser"):
        yield


@contextmanager
def _warning_where_imported(by: str) -> Iterator[None]:
    before = "torch._dynamo" in sys.modules
    yield
    if not before and "torch._dynamo" in sys.modules:
        print(
            f"warning: {by} imports torch's compiler, which costs every start a second. torch or torchvision was "
            "upgraded: install the versions that docker/requirements/base.txt pins, or adapt "
            "container/runtime/torch_compiler.py.",
            file=sys.stderr,
            flush=True,
        )


def _is_compile_supported(device_type: str) -> bool:
    return getattr(importlib.import_module(COMPILER), NEEDED_OF_IT)(device_type)


def _compiler_when_called() -> types.ModuleType:
    def attribute(name: str) -> object:
        if name == NEEDED_OF_IT:
            return _is_compile_supported
        if name.startswith("__"):  # what the import system asks of every module
            raise AttributeError(name)
        del sys.modules[COMPILER]
        return getattr(importlib.import_module(COMPILER), name)

    stand_in = types.ModuleType(COMPILER)
    vars(stand_in)["__getattr__"] = attribute  # https://docs.python.org/3/reference/datamodel.html (module attributes)
    return stand_in
