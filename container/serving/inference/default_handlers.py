"""What stands in for the functions that an inference.py leaves out: that depends on whose model model_fn returned.

- This image's own (picture_functions.Model; its model_fn may also be called by the user's): pictures in, labels and
  probabilities out.
- A torch.nn.Module: as SageMaker's PyTorch containers do, which call it with the tensor of the body
  (https://github.com/aws/sagemaker-pytorch-inference-toolkit/blob/master/src/sagemaker_pytorch_serving_container/default_pytorch_inference_handler.py).
- Anything else: as sagemaker-inference does, arrays in and arrays out. It has no predict_fn
  (https://github.com/aws/sagemaker-inference-toolkit/blob/master/src/sagemaker_inference/default_inference_handler.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.lib.recfunctions import structured_to_unstructured
from sagemaker_inference.content_types import CSV, JSON, NPY

from container.serving.inference import picture_functions
from container.serving.request.answer_formats import is_answer
from container.serving.request.array_formats import read_array, read_array_of, write_prediction
from container.serving.request.request_errors import BadRequest

TENSOR_FORMATS = (JSON, CSV, NPY)


@dataclass(frozen=True)
class DefaultHandlers:
    """predict_fn, predict_batch_fn: None where there is none. output_fn: of what predict_fn returned. users_output_fn:
    of what a predict_fn of the user's returned."""

    input_fn: Callable[..., Any]
    predict_fn: Callable[..., Any] | None
    predict_batch_fn: Callable[..., Any] | None
    output_fn: Callable[..., Any]
    users_output_fn: Callable[..., Any]


def default_handlers(model: object) -> DefaultHandlers:
    """model: what model_fn returned."""
    if isinstance(model, picture_functions.Model):
        return DefaultHandlers(
            picture_functions.input_fn,
            picture_functions.predict_fn,
            picture_functions.predict_batch_fn,
            picture_functions.output_fn,
            write_answer,
        )
    if isinstance(model, torch.nn.Module):
        return DefaultHandlers(read_tensor, call_module, None, write_prediction, write_prediction)
    return DefaultHandlers(read_array, None, None, write_prediction, write_prediction)


def write_answer(prediction: object, accept: str | None) -> tuple[str | bytes, str]:
    """Of a user's predict_fn on this image's model: answers such as this image's predict_fn gives in this image's
    formats, others as arrays.
    """
    if is_answer(prediction):
        return picture_functions.output_fn(prediction, accept)
    return write_prediction(prediction, accept)


def read_tensor(body: str | bytes, content_type: str | None) -> torch.Tensor:
    """float32 of JSON and CSV, of NPY the file's own type; on the GPU where there is one. Raises RequestError: 400,
    415.
    """
    array = read_array_of(TENSOR_FORMATS, body, content_type)
    try:
        if content_type == CSV and array.dtype.names:  # columns of different types, be it only 1.5,2
            array = structured_to_unstructured(array, dtype=np.float32)
        tensor = (
            torch.from_numpy(array) if content_type == NPY else torch.from_numpy(np.asarray(array, dtype=np.float32))
        )
    except (TypeError, ValueError) as error:  # words, objects, numbers in the other order of bytes
        raise BadRequest(
            f"The body is no array of numbers that a tensor can hold, but of type {array.dtype}."
        ) from error
    return tensor.to(_device())


def call_module(data: torch.Tensor, model: torch.nn.Module) -> object:
    """What the module returns for one request's tensor."""
    device = _device()
    with torch.no_grad():
        return model.to(device).eval()(data.to(device))


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
