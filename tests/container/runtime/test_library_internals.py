"""Internals of libraries that this program uses: an upgrade that moved them ends in one sentence, at the import."""

import importlib.metadata
import subprocess
import sys

import pytest
import torch

from container.runtime.failure import TrainingFailure
from container.runtime.library_internals import (
    IncompatibleLibrary,
    internals_of,
    require_attributes,
    require_parameters,
)


def ended(program: str) -> str:
    """The last line of what a program says that ends with an error, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr.splitlines()[-1]


def within(*checks):
    with internals_of("torch", "docker/requirements/base.txt", "container/this.py"):
        for check in checks:
            check()


class Owner:
    def __init__(self, first, second=2):
        self._made, self._second = first, second

    def method(self):
        """There."""


class Heir(Owner):
    def __init__(self):
        super().__init__(1)


@pytest.mark.parametrize(
    "check",
    [
        lambda: require_attributes(Owner, "method", "_made"),
        lambda: require_attributes(Heir, "_second"),
        lambda: require_attributes(Owner(1), "_made", "method"),
        lambda: require_attributes(torch, "Tensor"),
        lambda: require_parameters(Owner, "first", "second"),
        lambda: require_parameters(Owner.method, "self"),
    ],
)
def test_what_is_there_passes(check):
    within(check)


@pytest.mark.parametrize(
    ("check", "why"),
    [
        (lambda: require_attributes(Owner, "method", "_gone"), "Owner has no attribute _gone"),
        (lambda: require_attributes(torch, "_gone"), "torch has no attribute _gone"),
        (lambda: require_attributes(Owner(1), "_gone"), "Owner has no attribute _gone"),
        (lambda: require_parameters(Owner, "first"), "Owner takes (first, second), not (first)"),
        (lambda: exec("from torch import _gone"), "cannot import name '_gone' from 'torch'"),
        (lambda: exec("import torch._gone"), "No module named 'torch._gone'"),
    ],
)
def test_what_is_gone_is_one_sentence_with_the_next_step(check, why):
    with pytest.raises(IncompatibleLibrary) as error:
        within(check)
    said = str(error.value)
    assert said.startswith(f"torch {importlib.metadata.version('torch')} no longer has what container/this.py uses (")
    assert why in said and "\n" not in said
    assert said.endswith("Install the version that docker/requirements/base.txt pins, or adapt container/this.py.")


def test_a_training_job_gives_that_sentence_as_its_failure_reason():
    assert issubclass(IncompatibleLibrary, TrainingFailure) and issubclass(IncompatibleLibrary, ImportError)


def test_a_library_that_is_not_installed_is_named_as_such():
    with pytest.raises(ModuleNotFoundError, match="no_such_library"), internals_of("no-such-library", "", ""):
        import no_such_library  # noqa: F401


@pytest.mark.parametrize(
    ("remove", "module", "library", "why"),
    [
        (
            "from smdebug.pytorch.hook import Hook; from smdebug.core.hook import BaseHook; "
            "del BaseHook._get_collections_with_tensor",
            "container.debugging.smdebug_library",
            "smdebug",
            "Hook has no attribute _get_collections_with_tensor",
        ),
        (
            "import smdebug.core.writer as w; del w.FileWriter",
            "container.debugging.smdebug_library",
            "smdebug",
            "cannot import name 'FileWriter'",
        ),
        (
            "from sagemaker_training import process; del process.ProcessRunner._create_command",
            "container.entrypoint.program_runner",
            "sagemaker-training",
            "ProcessRunner has no attribute _create_command",
        ),
        (
            "import sys, sagemaker_training; sys.modules['sagemaker_training._entry_point_type'] = None",
            "container.entrypoint.program_runner",
            "sagemaker-training",
            "_entry_point_type",
        ),
    ],
)
def test_a_toolkit_without_what_is_used_of_it_ends_the_import(remove, module, library, why):
    said = ended(f"{remove}; import {module}")
    assert said.startswith(f"container.runtime.library_internals.IncompatibleLibrary: {library} ") and why in said
    assert said.endswith(f"or adapt {module.replace('.', '/')}.py.")


def test_a_torch_that_imports_its_compiler_after_all_is_told_once():
    program = (
        "import sys, torch; from container.runtime import torch_compiler; torch_compiler.WRAPPERS = 'elsewhere.py'; "
        "from container.training.optimization import EagerAdamW; "
        "[EagerAdamW([torch.nn.Parameter(torch.ones(1))]) for _ in range(2)]; print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr
    assert done.stderr.count("warning: an optimiser imports torch's compiler, which costs every start a second.") == 1


def test_a_torchvision_that_needs_more_of_the_compiler_works_and_is_told():
    program = (
        "import sys; from container.runtime import torch_compiler; torch_compiler.NEEDED_OF_IT = 'another'; "
        "from container.model.network import create_model; create_model('resnet18', 3); "
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr
    assert "warning: the import of torchvision.models imports torch's compiler" in done.stderr
