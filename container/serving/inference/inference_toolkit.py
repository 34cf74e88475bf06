"""sagemaker-inference's way to the functions of the user's inference.py: how it finds, checks and installs them.

All that this program uses of the toolkit's internals is here. What the toolkit does with a request is left out: it
answers one error for all requests of a batch, reads the headers of the first one only, and sends its traceback to the
client (https://github.com/aws/sagemaker-inference-toolkit/blob/master/src/sagemaker_inference/transformer.py).
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sagemaker_inference.environment import Environment

from container.runtime.library_internals import internals_of, require_attributes, require_parameters
from container.serving.mms_internals import Context

Function = Callable[..., Any]


def _internals() -> AbstractContextManager[None]:
    return internals_of(
        "sagemaker-inference", "docker/requirements/serve.txt", "container/serving/inference/inference_toolkit.py"
    )


with _internals():
    from sagemaker_inference.transformer import Transformer

    require_attributes(Transformer, "_model", "_input_fn", "_predict_fn", "_output_fn")
    require_parameters(Transformer.validate_and_initialize, "self", "model_dir", "context")


@dataclass(frozen=True)
class UserFunctions:
    """What the user's module has, and the model that its model_fn, or the default one, has loaded.

    None for a function that the module leaves out, or where there is no module. default_accept: the content type of an
    answer where a request names none."""

    module_name: str
    model: object
    input_fn: Function | None
    predict_fn: Function | None
    predict_batch_fn: Function | None
    output_fn: Function | None
    transform_fn: Function | None
    default_accept: str


def module_name() -> str:
    """Of the user's module, whether there is one or not: SAGEMAKER_PROGRAM without its .py, or `inference`."""
    return Environment().module_name


def without_model_fn(has_model_file: bool) -> str:
    """What to do where this image's model_fn can load no model, as what follows a sentence on that.

    has_model_file: whether there is one of the train image's, be it a broken one.
    """
    module = sys.modules.get(module_name())
    if module and not hasattr(module, "model_fn"):
        return f" {module_name()}.py has no model_fn that loads another model: add one."
    if has_model_file:
        return ""
    return (
        " Serve the model.tar.gz of a training job, where the file is right in the archive; for another model put a "
        "code/inference.py with a model_fn into it."
    )


def load_user_functions(model_dir: str, context: Context, default_model_fn: Function) -> UserFunctions:
    """Import the user's module, if there is one, and load the model. Raises what the module, or model_fn, raises.

    Args:
        model_dir: folder of the model, /opt/ml/model or one of a multi-model endpoint's.
        context: of multi-model-server; for a model_fn that takes it.
        default_model_fn: loads the model where the user's module has no model_fn.
    """
    toolkit = Transformer(
        SimpleNamespace(
            default_model_fn=default_model_fn, default_input_fn=None, default_predict_fn=None, default_output_fn=None
        )
    )
    toolkit.validate_and_initialize(model_dir, context)
    environment = Environment()
    module = sys.modules.get(environment.module_name)
    return UserFunctions(
        environment.module_name,
        toolkit._model,
        toolkit._input_fn,
        toolkit._predict_fn,
        getattr(module, "predict_batch_fn", None),
        toolkit._output_fn,
        getattr(module, "transform_fn", None),
        environment.default_accept,
    )


def pip_install() -> None:
    """Install the requirements.txt of the working directory as the toolkit does, from CodeArtifact where it is set up.

    Raises ValueError when pip fails."""
    with _internals():  # not with those above: it imports boto3, which only a model with requirements waits for
        from sagemaker_inference.model_server import _install_requirements

    _install_requirements()
