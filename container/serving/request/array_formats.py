"""Arrays as JSON, CSV and NPY: how a model that is the user's own is asked and how it answers, where inference.py
leaves that open.

sagemaker-inference's own reader and writer do the work
(https://github.com/aws/sagemaker-inference-toolkit#implement-an-inference-handler). What is different: nothing is
unpickled or pickled, and what a client can mend is told as a 4xx, where the toolkit has a 500 for all."""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from sagemaker_inference import decoder, encoder
from sagemaker_inference.content_types import CSV, JSON, NPY, NPZ

from container.serving.request.answer_formats import acceptable_formats, in_clients_order
from container.serving.request.request_errors import (
    BadRequest,
    NoAnswer,
    NotAcceptable,
    PayloadTooLarge,
    UnsupportedMediaType,
)

BODY_FORMATS = (JSON, CSV, NPY, NPZ)
ANSWER_FORMATS = (JSON, CSV, NPY)  # the first is given where a client has no preference
MAX_NPZ_BYTES = 256 * 1024 * 1024  # unpacked: 25 MB can hold a thousand times as much


def read_array(body: str | bytes, content_type: str | None) -> Any:
    """The array that a body holds: numpy.ndarray, of NPZ a scipy.sparse matrix. What type and shape it has is the
    body's affair.

    body: text for JSON and CSV, bytes otherwise. content_type: bare. Raises UnsupportedMediaType (415), BadRequest
    (400), PayloadTooLarge (413)."""
    return read_array_of(BODY_FORMATS, body, content_type)


def read_array_of(formats: Sequence[str], body: str | bytes, content_type: str | None) -> Any:
    """The same where only some of BODY_FORMATS are taken."""
    if content_type is None or content_type not in formats:
        said = f"Content-Type {content_type[:60]} is not taken" if content_type else "The request has no Content-Type"
        raise UnsupportedMediaType(f"{said}. Send one of {', '.join(formats)}.")
    if not body.strip():
        raise BadRequest(f"The body is empty. Send an array as {content_type}.")
    readers: dict[str, Callable[[Any], Any]] = {JSON: _of_json, CSV: _of_csv, NPY: _of_npy, NPZ: _of_npz}
    return readers[content_type](body)


def _of_json(text: str) -> np.ndarray:
    try:
        return decoder.decode(text, JSON)
    except json.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error.msg} at character {error.pos}.") from error
    except RecursionError as error:
        raise BadRequest("The body is JSON that is nested too deeply.") from error
    except (ValueError, OverflowError) as error:  # rows of different lengths, a number of thousands of digits
        raise BadRequest(f"The body is JSON, but no array: {_one_line(error)}.") from error


def _of_csv(text: str) -> np.ndarray:
    try:
        return decoder.decode(text, CSV)
    except (ValueError, OverflowError) as error:  # rows of different lengths
        raise BadRequest(f"The body is no table in CSV: {_one_line(error)}.") from error


def _of_npy(body: bytes) -> np.ndarray:
    """https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. The toolkit would unpickle it: run what
    the client sends.
    """
    try:
        return np.lib.format.read_array(io.BytesIO(body), allow_pickle=False)
    except (
        Exception
    ) as error:  # whatever numpy's parser of the header, a Python literal, comes to; and MemoryError, for a shape
        raise BadRequest(f"The body is no array in NPY: {_one_line(error)}.") from error


def _of_npz(body: bytes) -> Any:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            unpacked = sum(one.file_size for one in archive.infolist())
        if unpacked > MAX_NPZ_BYTES:
            raise PayloadTooLarge(
                f"The body is an NPZ file of more than {MAX_NPZ_BYTES // 1024**2} MB when it is unpacked. Send less "
                "at once."
            )
        return decoder.decode(body, NPZ)
    except PayloadTooLarge:
        raise
    except Exception as error:  # as for NPY, and what zipfile and zlib come to
        raise BadRequest(f"The body is no sparse matrix in NPZ: {_one_line(error)}.") from error


def write_prediction(prediction: object, accept: str | None) -> tuple[str | bytes, str]:
    """What predict_fn returned, in the format that the client accepts, and its content type.

    prediction: a dict, a list, a number, text, numpy.ndarray, torch.Tensor (on any device), or something nested of
    these. accept: of several formats that are as welcome as each other the first is taken, as the toolkit does; one
    that cannot hold this prediction is passed over. Raises NotAcceptable (406) where none is left, NoAnswer for None,
    and TypeError for what JSON cannot hold."""
    formats = acceptable_formats(accept, in_clients_order(accept, ANSWER_FORMATS))
    if prediction is None:
        raise NoAnswer("predict_fn returned None, which is no prediction.")
    for media_type in formats:
        if media_type == JSON:
            return write_json(prediction), JSON
        array = _array(prediction, media_type)
        if array is not None:
            return _of_array(array, media_type), media_type
    raise NotAcceptable(f"The model's prediction is no array that {' or '.join(formats)} can hold. Ask for {JSON}.")


def write_json(value: object) -> str:
    """As the toolkit does, whatever has `tolist()` becomes lists. Raises TypeError for what JSON cannot hold."""
    return encoder.encode(value, JSON)


def _numpy_of(tensor: torch.Tensor) -> np.ndarray:
    """bfloat16, which NumPy has not, as float32."""
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).detach().cpu().numpy()


def _array(prediction: object, media_type: str) -> np.ndarray | None:
    """None where there is none that `media_type` can hold: objects would be pickled, CSV has lines and columns."""
    if isinstance(prediction, torch.Tensor):
        prediction = _numpy_of(prediction)
    try:
        array = np.asarray(prediction)
    except ValueError:  # lists of different lengths
        return None
    if media_type == NPY:
        return None if array.dtype.hasobject else array
    if array.ndim == 0 and array.dtype.kind in "biufcU":
        return array.reshape(1)  # a number or a word: one line
    return array if array.ndim in (1, 2) else None


def _of_array(array: np.ndarray, media_type: str) -> str | bytes:
    if media_type == CSV:
        return encoder.encode(array, CSV)
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]}..."
