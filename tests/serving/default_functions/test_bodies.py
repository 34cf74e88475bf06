"""A model of the user's own whose inference.py has no input_fn: bodies become the toolkit's arrays, not pictures.

What predict_fn is given is compared with the table here, and with what sagemaker-inference itself reads in the same
container."""

import json
import pickle

import numpy as np
import pytest

from tests.serving.default_functions.arrays import CSV, JSON, NPY, SPARSE, npy, npz
from tests.serving.stock_toolkit import stock_answers

READ = [
    # body, its type, what predict_fn is given: type, dtype, shape, values
    (b"[1, 2, 3]", JSON, ["ndarray", "int64", [3], [1, 2, 3]]),
    (b"[[1.5, 2], [3, 4]]", JSON, ["ndarray", "float64", [2, 2], [[1.5, 2], [3, 4]]]),
    (b'{"instances": [[1, 2]]}', JSON, ["ndarray", "object", [], {"instances": [[1, 2]]}]),
    (b"7", JSON, ["ndarray", "int64", [], 7]),
    (b"1,2,3\n4,5,6\n", CSV, ["ndarray", "int64", [2, 3], [[1, 2, 3], [4, 5, 6]]]),
    (b"1.5,2.5", CSV, ["ndarray", "float64", [2], [1.5, 2.5]]),
    (b"red,blue", CSV, ["ndarray", "|S4", [2], ["red", "blue"]]),
    (npy(np.array([[1, 2]], np.float32)), NPY, ["ndarray", "float32", [1, 2], [[1, 2]]]),
    (npy(np.array(3, np.int16)), NPY, ["ndarray", "int16", [], 3]),
    (SPARSE, "application/x-npz", ["csr_matrix", "int64", [1, 3], [[0, 7, 0]]]),
]


@pytest.mark.parametrize(
    ("body", "content_type", "given"), READ, ids=[f"{one[1]}-{number}" for number, one in enumerate(READ)]
)
def test_a_body_reaches_predict_fn_as_the_toolkits_array(arrays, body, content_type, given):
    answer = arrays.invoke(body, content_type)
    assert answer.status == 200, answer.body
    assert answer.json == dict(zip(("type", "dtype", "shape", "values"), given, strict=True))


def test_the_toolkit_itself_reads_every_body_the_same(arrays):
    stock = stock_answers(arrays, [(body, {"Content-Type": content_type}) for body, content_type, _ in READ])
    assert [json.loads(one.body) for one in stock] == [
        dict(zip(("type", "dtype", "shape", "values"), given, strict=True)) for *_, given in READ
    ]


class Planted:
    """Unpickled, it would write a file."""

    def __reduce__(self):
        return (open, ("/tmp/unpickled", "w"))


@pytest.mark.parametrize(
    ("body", "content_type", "status", "said"),
    [
        (
            b"1 2 3",
            "text/plain",
            415,
            "Content-Type text/plain is not taken. Send one of application/json, text/csv, "
            "application/x-npy, application/x-npz.",
        ),
        (b"\x00\x01", "application/octet-stream", 415, "Content-Type application/octet-stream is not taken."),
        (b"\xff\xd8\xff", "image/jpeg", 415, "Content-Type image/jpeg is not taken."),
        (b"", JSON, 400, "The body is empty. Send an array as application/json."),
        (b"", NPY, 400, "The body is empty."),
        (b"{", JSON, 400, "The body is not JSON: Expecting property name"),
        (b"[" * 5000, JSON, 400, "nested too deeply"),
        (b"[[1], [2, 3]]", JSON, 400, "The body is JSON, but no array"),
        (b"\xff", JSON, 400, "The body is not UTF-8"),
        (b"1,2\n3", CSV, 400, "The body is no table in CSV"),
        (b"no array", NPY, 400, "The body is no array in NPY"),
        (npy(np.zeros(5))[:-1], NPY, 400, "The body is no array in NPY"),
        (SPARSE, NPY, 400, "The body is no array in NPY"),
        (b"PK", "application/x-npz", 400, "The body is no sparse matrix in NPZ"),
        (npz(format=np.array(b"csr"), data=np.zeros(40_000_000)), "application/x-npz", 413, "256 MB"),
    ],
)
def test_a_body_that_is_no_array_is_refused_in_a_sentence(arrays, body, content_type, status, said):
    answer = arrays.invoke(body, content_type)
    assert answer.status == status and (said in answer.error or status == 413)


def test_what_a_client_pickled_is_never_unpickled(arrays):
    planted = npy(np.array([Planted()], dtype=object), allow_pickle=True)
    archive = npz(format=np.array(b"csr"), data=np.array([Planted()], dtype=object))
    for body, content_type in [(planted, NPY), (pickle.dumps(Planted()), NPY), (archive, "application/x-npz")]:
        assert arrays.invoke(body, content_type).status == 400
    assert arrays.python("import os; print(os.path.exists('/tmp/unpickled'))") == "False\n"
