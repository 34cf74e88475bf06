"""Internals of multi-model-server and sagemaker-inference: what an upgrade moved is one sentence, at the import."""

import subprocess
import sys

import pytest


def ended(program: str) -> str:
    """The last line of what a program says that ends with an error, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("remove", "used", "library", "why"),
    [
        (
            "import mms.protocol.otf_message_handler as codec; del codec.retrieve_msg",
            "container.serving.mms_internals",
            "multi-model-server",
            "cannot import name 'retrieve_msg'",
        ),
        (
            "from mms.context import Context; Context.__init__ = lambda self, model_name, model_dir: None",
            "container.serving.mms_internals",
            "multi-model-server",
            "Context takes (model_name, model_dir), not (model_name, model_dir, manifest, batch_size, gpu, ",
        ),
        (
            "from sagemaker_inference.transformer import Transformer as T; T.__init__ = lambda self, handler: None",
            "container.serving.inference.inference_toolkit",
            "sagemaker-inference",
            "Transformer has no attribute _model",
        ),
    ],
)
def test_a_toolkit_without_what_is_used_of_it_ends_the_import(remove, used, library, why):
    said = ended(f"{remove}\nimport {used}")
    assert said.startswith(f"container.runtime.library_internals.IncompatibleLibrary: {library} ") and why in said
    assert said.endswith(f"or adapt {used.replace('.', '/')}.py.")


def test_a_toolkit_that_installs_requirements_another_way_says_so_when_a_model_has_some():
    said = ended(
        "import sagemaker_inference.model_server as server; del server._install_requirements\n"
        "from container.serving.inference.inference_toolkit import pip_install; pip_install()"
    )
    assert "cannot import name '_install_requirements'" in said and "sagemaker-inference" in said


def test_a_server_package_without_its_java_program_is_told():
    said = ended(
        "import pathlib; pathlib.Path.is_file = lambda self: False\n"
        "from container.serving.server.model_server import _jar; _jar()"
    )
    assert "multi-model-server 1.1.11 no longer has" in said and "mms/frontend/model-server.jar is not there" in said
