"""Arrays in bodies and predictions in answers. tests/serving/default_functions has the tables, and the
toolkit's own answers beside them.
"""

import io
import pickle

import numpy as np
import pytest
import torch

from container.serving.request.array_formats import read_array, write_prediction
from container.serving.request.request_errors import BadRequest, NoAnswer, NotAcceptable, UnsupportedMediaType

JSON, CSV, NPY, NPZ = "application/json", "text/csv", "application/x-npy", "application/x-npz"


def npy(array, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.ones((2, 3), np.float16)),
        np.array(1),
        np.zeros((0, 3)),
        np.array(["ä", "b"]),
        np.array([1, 2], ">i4"),
    ],
)
def test_an_array_comes_back_from_npy_as_it_was(array):
    read = read_array(npy(array), NPY)
    assert read.dtype == array.dtype and read.shape == array.shape and (read == array).all()
    assert read_array(write_prediction(array, NPY)[0], NPY).tolist() == array.tolist()


class Planted:
    """Unpickled, it would end the process."""

    def __reduce__(self):
        return (exit, (3,))


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_no_version_of_npy_is_unpickled(version):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array([Planted()], dtype=object), version=version)
    with pytest.raises(BadRequest, match="no array in NPY"):
        read_array(buffer.getvalue(), NPY)


def test_a_pickle_and_an_archive_are_no_npy_and_a_pickle_in_an_npz_is_not_read():
    archive = io.BytesIO()
    np.savez(archive, format=np.array(b"csr"), data=np.array([Planted()], dtype=object))
    for body, content_type in [
        (pickle.dumps(Planted()), NPY),
        (archive.getvalue(), NPY),
        (archive.getvalue(), NPZ),
        (pickle.dumps(Planted()), NPZ),
    ]:
        with pytest.raises(BadRequest):
            read_array(body, content_type)


@pytest.mark.parametrize(
    "shape",
    ["(1000000000000000,)", "(9223372036854775807, 9223372036854775807)", "(-1,)", "'a'", "(" * 3000, "(1,), 'x': 2"],
)
def test_a_header_of_npy_that_lies_is_refused(shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}".encode() + b"\n"
    with pytest.raises(BadRequest, match="no array in NPY"):
        read_array(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"12345678", NPY)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("[" * 100_000, JSON),
        ("9" * 5000, JSON),
        ("[1e999, [2]]", JSON),
        ("1,2\n1,2,3\n", CSV),
        ("{]", JSON),
        (" ", JSON),
        ("\n", CSV),
        (b"", NPY),
    ],
)
def test_what_is_no_array_is_a_400_in_one_line(body, content_type):
    with pytest.raises(BadRequest) as error:
        read_array(body, content_type)
    assert (
        "\n" not in error.value.message
        and len(error.value.message) < 300
        and error.value.message.startswith("The body is ")
    )


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/octet-stream", "image/jpeg"])
def test_other_types_are_a_415_that_names_those_that_are_taken(content_type):
    with pytest.raises(
        UnsupportedMediaType, match="Send one of application/json, text/csv, application/x-npy, application/x-npz"
    ):
        read_array(b"1", content_type)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(2, requires_grad=True),
        torch.ones(2).half(),
        torch.ones(2, dtype=torch.bfloat16),
        torch.ones(2).bool(),
    ],
)
def test_a_tensor_of_any_kind_is_written_in_every_format(tensor):
    for accept in (JSON, CSV, NPY):
        body, content_type = write_prediction(tensor, accept)
        assert content_type == accept and body


def test_none_is_no_prediction_and_an_object_is_no_json():
    with pytest.raises(NoAnswer, match="predict_fn returned None"):
        write_prediction(None, JSON)
    with pytest.raises(TypeError):
        write_prediction(object(), JSON)


def test_a_prediction_that_the_only_accepted_format_cannot_hold_is_a_406():
    with pytest.raises(NotAcceptable, match=r"no array that text/csv can hold. Ask for application/json"):
        write_prediction({"a": 1}, CSV)
    assert write_prediction({"a": 1}, "text/csv, application/x-npy;q=0.5, application/json;q=0.1") == ('{"a": 1}', JSON)
