"""A model of the user's own with some of the four functions: what stands in for the others, and where nothing can."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.serving.conftest import exited, wait_for
from tests.serving.default_functions.arrays import CSV, JSON, NPY, SPARSE, npy

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
        (
            "def predict_fn(data, model):\n    return data\n",
            "inference.py has no model_fn that loads another model: add one.",
        ),
        (
            "import sys\ndef model_fn(model_dir):\n    sys.exit(0)\n",
            "the model in /opt/ml/model could not be loaded: SystemExit: 0 (code/inference.py, line 3, in model_fn)",
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
