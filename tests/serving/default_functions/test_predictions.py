"""A model of the user's own whose inference.py has no output_fn: predictions are written as the toolkit writes them.

Answers are compared with the table here, and with what sagemaker-inference itself answers in the same container."""

import io
import json

import numpy as np
import pytest

from tests.serving.conftest import wait_for
from tests.serving.default_functions.arrays import CSV, JSON, NPY
from tests.serving.stock_toolkit import stock_answers

WRITTEN = {
    # what predict_fn returns: the body as JSON, as CSV, as NPY; a number is the status of a refusal
    "dict": ('{"a": 1}', 406, 406),
    "list": ("[1, 2.5]", "1.0\n2.5\n", np.array([1, 2.5])),
    "rows": ("[[1, 2], [3, 4]]", "1,2\n3,4\n", np.array([[1, 2], [3, 4]])),
    "str": ('"word"', "word\n", np.array("word")),
    "number": ("1.5", "1.5\n", np.array(1.5)),
    "bytes": (500, 406, np.array(b"ab")),
    "tuple": ('["word", "text/plain"]', "word\ntext/plain\n", np.array(["word", "text/plain"])),
    "array": ("[[1.5, 2.5]]", "1.5,2.5\n", np.array([[1.5, 2.5]], np.float32)),
    "cube": ("[[[0.0, 0.0]]]", 406, np.zeros((1, 1, 2))),
    "words": ('["a", "b"]', "a\nb\n", np.array(["a", "b"])),
    "objects": ('["a", 1]', "a\n1\n", 406),
    "tensor": ("[[1.5, 2.5]]", "1.5,2.5\n", np.array([[1.5, 2.5]], np.float32)),
    "with gradient": ("[1.5]", "1.5\n", np.array([1.5], np.float32)),
    "bfloat16": ("[1.5]", "1.5\n", np.array([1.5], np.float32)),
    "nested": ('{"scores": [0.5], "n": 3}', 406, 406),
    "ragged": ("[[1], [2, 3]]", 406, 406),
    "None": (500, 500, 500),
    "object": (500, 406, 406),
}

# Where the toolkit fails with a 500 although there is an answer, and where it has one that is none: a pickle, which
# only Python would read and nobody should, and `null` for a function that forgot to return.
ONLY_OURS = {
    ("str", CSV),
    ("number", CSV),
    ("with gradient", CSV),
    ("with gradient", NPY),
    ("bfloat16", CSV),
    ("bfloat16", NPY),
}

ONLY_THE_TOOLKITS = {("dict", NPY), ("nested", NPY), ("objects", NPY), ("object", NPY), ("None", JSON), ("None", NPY)}

ROWS = [
    (returned, accept, wanted)
    for returned, answers in WRITTEN.items()
    for accept, wanted in zip((JSON, CSV, NPY), answers, strict=True)
]


def is_body(answer, accept: str, wanted) -> bool:
    """answer: with a body and a content type."""
    if accept != NPY:
        return answer.body == wanted.encode()
    found = np.load(io.BytesIO(answer.body))
    return found.dtype == wanted.dtype and found.shape == wanted.shape and (found == wanted).all()


@pytest.mark.parametrize(
    ("returned", "accept", "wanted"), ROWS, ids=[f"{returned}-{accept}" for returned, accept, _ in ROWS]
)
def test_a_prediction_is_written_as_the_client_accepts_it(arrays, returned, accept, wanted):
    answer = arrays.invoke(json.dumps(returned).encode(), JSON, Accept=accept)
    if isinstance(wanted, int):
        assert (answer.status, answer.headers["content-type"]) == (wanted, JSON) and answer.error
    else:
        assert (answer.status, answer.headers["content-type"]) == (200, accept) and is_body(answer, accept, wanted)


def test_the_toolkit_itself_writes_every_prediction_the_same(arrays):
    stock = stock_answers(
        arrays,
        [(json.dumps(returned).encode(), {"Content-Type": JSON, "Accept": accept}) for returned, accept, _ in ROWS],
    )
    for (returned, accept, wanted), answer in zip(ROWS, stock, strict=True):
        if isinstance(wanted, int) or (returned, accept) in ONLY_OURS:
            assert answer.status == (200 if (returned, accept) in ONLY_THE_TOOLKITS else 500), (
                returned,
                accept,
                answer,
            )
        else:
            assert (answer.status, answer.content_type) == (200, accept) and is_body(answer, accept, wanted), (
                returned,
                accept,
                answer,
            )


@pytest.mark.parametrize(
    ("returned", "accept", "status", "content_type", "body"),
    [
        ("list", None, 200, JSON, b"[1, 2.5]"),
        ("list", "*/*", 200, JSON, b"[1, 2.5]"),
        ("list", "text/csv, application/json", 200, CSV, b"1.0\n2.5\n"),  # as the toolkit: the first of equals
        ("list", "application/json, text/csv", 200, JSON, b"[1, 2.5]"),
        ("list", "text/html, */*;q=0.8", 200, JSON, b"[1, 2.5]"),
        ("list", "application/json;q=0.5, text/csv", 200, CSV, b"1.0\n2.5\n"),
        ("list", "Text/CSV; header=absent", 200, CSV, b"1.0\n2.5\n"),
        ("dict", "text/csv, application/json", 200, JSON, b'{"a": 1}'),  # which CSV cannot hold
    ],
)
def test_an_accept_of_several_types_gets_the_best_that_can_hold_the_prediction(
    arrays, returned, accept, status, content_type, body
):
    answer = arrays.invoke(json.dumps(returned).encode(), JSON, **({"Accept": accept} if accept else {}))
    assert (answer.status, answer.headers["content-type"], answer.body) == (status, content_type, body)


@pytest.mark.parametrize("accept", ["text/plain", "application/octet-stream", "image/png"])
def test_an_accept_that_nothing_can_answer_is_a_406_that_names_what_can(arrays, accept):
    answer = arrays.invoke(b'"list"', JSON, Accept=accept)
    assert (
        answer.status == 406
        and answer.error
        == f"Accept {accept} cannot be answered. Ask for application/json, text/csv or application/x-npy."
    )


def test_no_answer_is_a_500_with_the_requests_id_and_the_log_has_the_reason(arrays):
    answer = arrays.invoke(b'"None"', JSON)
    assert answer.status == 500 and answer.headers["x-request-id"] in answer.error
    wait_for(
        lambda: f"fault {answer.headers['x-request-id']}" in arrays.log and "predict_fn returned None" in arrays.log,
        10,
        "the log has no reason",
    )
