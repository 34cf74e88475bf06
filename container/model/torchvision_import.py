"""torchvision's classifiers without torch's compiler, which their import brings along: a second at every start of an
endpoint, for a function that none of them calls.

torchvision/ops/roi_align.py (0.25) imports `is_compile_supported` out of torch._dynamo.utils, for regions of interest
with gradients. Here it gets one that asks torch when it is called. Any other name it gets from the real module, so a
torchvision that needs more is slower, not wrong. Whoever imports torchvision before this has it whole, and
torchvision.transforms.v2, with which training augments, imports the compiler itself."""

import importlib
import sys
import types

COMPILER = "torch._dynamo.utils"


def _is_compile_supported(device_type):
    return importlib.import_module(COMPILER).is_compile_supported(device_type)


def _compiler_when_called() -> types.ModuleType:
    stand_in = types.ModuleType(COMPILER)

    def attribute(name: str):
        if name == "is_compile_supported":
            return _is_compile_supported
        if name.startswith("__"):  # what the import system asks of every module
            raise AttributeError(name)
        del sys.modules[COMPILER]
        return getattr(importlib.import_module(COMPILER), name)

    stand_in.__getattr__ = attribute
    return stand_in


def _import_models() -> types.ModuleType:
    if COMPILER in sys.modules:
        return importlib.import_module("torchvision.models")
    sys.modules[COMPILER] = stand_in = _compiler_when_called()
    try:
        return importlib.import_module("torchvision.models")
    finally:
        if sys.modules.get(COMPILER) is stand_in:
            del sys.modules[COMPILER]


models = _import_models()
