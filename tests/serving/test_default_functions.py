"""A model of the user's own whose inference.py leaves functions out: bodies and answers are those of the toolkit, not
those of pictures.

The container's answers are compared with what the tables here say, and with what sagemaker-inference itself answers in
the same container."""

import io
import json
import pickle

import numpy as np
import pytest
from PIL import Image

from tests.serving.conftest import exited, wait_for
from tests.serving.stock_toolkit import stock_answers

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"

# predict_fn returns what the body names (a JSON string), and for other bodies says what it was given.
ARRAYS = """
import numpy as np, torch
RETURNED = {
    "dict": {"a": 1}, "list": [1, 2.5], "rows": [[1, 2], [3, 4]], "str": "word", "number": 1.5, "bytes": b"ab",
    "tuple": ("word", "text/plain"),
    "array": np.array([[1.5, 2.5]], np.float32), "cube": np.zeros((1, 1, 2)), "words": np.array(["a", "b"]),
    "objects": np.array(["a", 1], dtype=object),
    "tensor": torch.tensor([[1.5, 2.5]]), "with gradient": torch.tensor([1.5], requires_grad=True),
    "bfloat16": torch.tensor([1.5], dtype=torch.bfloat16),
    "nested": {"scores": torch.tensor([0.5]), "n": np.int64(3)}, "ragged": [[1], [2, 3]], "None": None,
    "object": object(),
}
def model_fn(model_dir):
    return {"weights": [1, 2, 3]}
def predict_fn(data, model):
    if data.dtype.kind == "U" and data.item() in RETURNED:
        return RETURNED[data.item()]
    values = data.toarray() if hasattr(data, "toarray") else data.astype(str) if data.dtype.kind == "S" else data
    return {"type": type(data).__name__, "dtype": str(data.dtype), "shape": data.shape, "values": values}
"""


def npy(array, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


SPARSE = npz(
    format=np.array(b"csr"), shape=np.array([1, 3]), data=np.array([7]), indices=np.array([1]), indptr=np.array([0, 1])
)


@pytest.fixture(scope="module")
def arrays(serve, model_folder):
    with serve(model_folder({"code/inference.py": ARRAYS}, None)) as served:
        yield served


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


TABULAR = """
import json, os
import numpy as np
def model_fn(model_dir):
    return json.load(open(os.path.join(model_dir, "weights.json")))
def predict_fn(data, model):
    return np.atleast_2d(data) @ np.array(model["w"]) + model["b"]
"""


def test_a_tabular_model_with_model_fn_and_predict_fn_takes_json_csv_and_npy(serve, model_folder):
    files = {"code/inference.py": TABULAR, "weights.json": '{"w": [1.0, 2.0, 3.0], "b": 0.5}'}
    with serve(model_folder(files, None)) as served:
        for body, content_type in [
            (b"[1, 2, 3]", JSON),
            (b"[[1, 2, 3]]", "application/json; charset=utf-8"),
            (b"1,2,3", CSV),
            (npy(np.array([1.0, 2, 3])), NPY),
        ]:
            answer = served.invoke(body, content_type)
            assert (answer.status, answer.headers["content-type"], answer.body) == (200, JSON, b"[14.5]"), content_type
        assert served.invoke(b"1,2,3\n0,0,0", CSV, Accept=CSV).body == b"14.5\n0.5\n"


MODULE = """
import torch
def model_fn(model_dir):
    layer = torch.nn.Linear(3, 1)
    layer.load_state_dict({"weight": torch.tensor([[1.0, 2.0, 3.0]]), "bias": torch.tensor([0.5])})
    return torch.nn.Sequential(torch.nn.Dropout(0.9), layer)
"""


@pytest.fixture(scope="module")
def module(serve, model_folder):
    """As SDK v2's PyTorchModel deploys it."""
    environment = {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
        "SAGEMAKER_REGION": "us-east-1",
    }
    with serve(model_folder({"code/inference.py": MODULE}, None), environment) as served:
        yield served


def test_a_torch_module_alone_is_called_with_the_array_that_sdk_v2s_predictor_sends(module):
    """`PyTorchModel(...).deploy().predict(array)`: NumpySerializer and NumpyDeserializer. The module is in evaluation
    mode.
    """
    answer = module.invoke(npy(np.array([[1, 2, 3], [0, 0, 0]], np.float32)), NPY, Accept=NPY)
    assert (answer.status, answer.headers["content-type"]) == (200, NPY)
    predicted = np.load(io.BytesIO(answer.body))
    assert predicted.dtype == np.float32 and predicted.tolist() == [[14.5], [0.5]]


@pytest.mark.parametrize(
    ("body", "content_type", "accept", "wanted"),
    [
        (b"[[1, 2, 3]]", JSON, JSON, b"[[14.5]]"),
        (b"[1, 2, 3]", JSON, CSV, b"14.5\n"),
        (b"1,2,3\n0,0,0\n", CSV, JSON, b"[[14.5], [0.5]]"),
        (b"1.5,2,3\n", "text/csv; charset=utf-8", CSV, b"15.0\n"),
    ],
)
def test_a_torch_module_takes_json_and_csv_as_float32(module, body, content_type, accept, wanted):
    answer = module.invoke(body, content_type, Accept=accept)
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, accept, wanted)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"inputs": [1]}', JSON, 400),
        (b"red,blue", CSV, 400),
        (npy(np.array(["a"])), NPY, 400),
        (b"\xff\xd8", "image/jpeg", 415),
        (SPARSE, "application/x-npz", 415),
    ],
)
def test_what_no_tensor_can_hold_is_refused(module, body, content_type, status):
    assert module.invoke(body, content_type).status == status and module.invoke(b"[1, 2, 3]", JSON).status == 200


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "def model_fn(model_dir):\n    return {'weights': 1}\n",
            "inference.py has no predict_fn, and its model_fn returned an object of type dict, which only its author "
            "can call. Add a predict_fn, a predict_batch_fn or a "
            "transform_fn, or return a torch.nn.Module.",
        ),
        ("def predict_fn(data, model):\n    return data\n", "inference.py has no model_fn that loads another model."),
        (
            "import sys\ndef model_fn(model_dir):\n    sys.exit(0)\n",
            "the model model could not be loaded: SystemExit(0)",
        ),
    ],
    ids=["no predict_fn", "no model_fn", "sys.exit in model_fn"],
)
def test_functions_that_cannot_work_end_the_start_with_a_sentence(serve, model_folder, code, said):
    with serve(model_folder({"code/inference.py": code}, None), wait=False) as served:
        wait_for(lambda: exited(served.container), what="it did not end")
        assert served.container.attrs["State"]["ExitCode"] != 0 and said in served.log


def test_with_this_images_model_a_users_input_fn_and_predict_fn_keep_pictures_and_labels(serve, model_folder, picture):
    code = """
import io, json
from PIL import Image
from container.serving import inference
def input_fn(body, content_type):
    return Image.open(io.BytesIO(body))
def predict_fn(image, model):
    best = inference.predict_fn(image, model)
    return best[:2] if image.width > 200 else {"best": best[0]["label"]}
"""
    small = io.BytesIO()
    Image.new("RGB", (100, 100)).save(small, "PNG")
    with serve(model_folder({"code/inference.py": code})) as served:
        labelled = served.invoke(picture, "x/y")
        assert (
            labelled.status == 200
            and [sorted(one) for one in labelled.json["predictions"]] == [["label", "probability"]] * 2
        )
        own = served.invoke(small.getvalue(), "x/y")  # not this image's kind of answer: as the toolkit writes it
        assert own.status == 200 and own.json["best"].startswith("Breed_")
