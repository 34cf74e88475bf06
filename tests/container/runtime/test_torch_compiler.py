"""torch's compiler is not imported with torchvision, and is there for whoever asks for it."""

import subprocess
import sys

LOADED = "print([name for name in ('torch._dynamo', 'sympy', 'triton') if name in sys.modules])"


def said(program: str) -> list[str]:
    """In a process of its own: this one may have imported anything."""
    done = subprocess.run([sys.executable, "-c", f"import sys\n{program}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_network_is_built_without_the_compiler():
    assert said(f"from container.model.network import create_model; create_model('resnet18', 3); {LOADED}") == ["[]"]


def test_the_compiler_is_there_once_someone_asks_for_it():
    program = (
        "from container.model.network import models; from torchvision.ops.roi_align import "
        f"is_compile_supported; {LOADED};"
        "from torch._dynamo.utils import is_compile_supported as real; print(is_compile_supported('cpu') == "
        "real('cpu'));"
        "import torch._dynamo.utils; print(is_compile_supported is not real, real.__module__)"
    )
    assert said(program) == ["[]", "True", "True torch._dynamo.utils"]


def test_another_name_out_of_the_compiler_is_the_real_one():
    program = (
        "from container.runtime import torch_compiler as lean; sys.modules[lean.COMPILER] = "
        "lean._compiler_when_called();"
        "from torch._dynamo.utils import counters; import torch._dynamo.utils as real; print(counters is real.counters)"
    )
    assert said(program) == ["True"]


def test_torchvision_that_was_imported_before_stays_whole():
    program = (
        "import torchvision; from container.model.network import models; "
        "print(models is torchvision.models, 'torch._dynamo' in sys.modules)"
    )
    assert said(program) == ["True True"]
