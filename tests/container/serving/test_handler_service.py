"""The handler that multi-model-server calls, with multi-model-server's own context and the toolkit's workflow."""

import io
import json

import pytest
import torch
from mms.context import Context, RequestProcessor
from PIL import Image

from container import handler_service
from container.checkpoint import save_checkpoint
from container.head import HEAD_WIDTHS
from container.model import create_model
from container.preprocessing import Preprocessing

CLASSES = tuple(f"Breed_{index}" for index in range(8))


def picture(kind="JPEG", colour="red", mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, (120, 90), colour).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def model_dir(tmp_path):
    torch.manual_seed(0)
    model = create_model("shufflenet_v2_x0_5", len(CLASSES)).eval()
    save_checkpoint(tmp_path, model.state_dict(), "shufflenet_v2_x0_5", HEAD_WIDTHS, CLASSES, Preprocessing.for_image_size(64), {})
    return tmp_path


@pytest.fixture
def answer(model_dir, monkeypatch):
    """Load the model as a worker does; returns a function from requests to (status, headers, body) of each."""
    fresh = handler_service.Transformer(handler_service._transformer._default_inference_handler)
    monkeypatch.setattr(handler_service, "_transformer", fresh)
    context = Context("model", str(model_dir), None, 8, None, "test")
    handler_service.handle(None, context)

    def run(*requests):
        context.request_processor = [RequestProcessor(headers) for headers, _ in requests]
        bodies = handler_service.handle([{"body": body} for _, body in requests], context)
        assert len(bodies) == len(requests)
        return [
            (context.get_response_status(index)[0] or 200, context.get_response_content_type(index), json.loads(body))
            for index, body in enumerate(bodies)
        ]

    return run


@pytest.mark.parametrize(("kind", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("PNG", "application/octet-stream"), ("JPEG", "image/jpeg; q=1")])
def test_a_picture_is_answered_with_labels_and_probabilities(answer, kind, content_type):
    [(status, answered, body)] = answer(({"Content-Type": content_type}, picture(kind)))
    assert (status, answered) == (200, "application/json")
    assert len(body["predictions"]) == 5
    probabilities = [one["probability"] for one in body["predictions"]]
    assert probabilities == sorted(probabilities, reverse=True) and 0 < sum(probabilities) <= 1.00001
    assert {one["label"] for one in body["predictions"]} <= set(CLASSES)


def test_top_k_is_settable(model_dir, monkeypatch, request):
    monkeypatch.setenv("TOP_K", "8")
    [(_, _, body)] = request.getfixturevalue("answer")(({"Content-Type": "image/jpeg"}, picture()))
    assert len(body["predictions"]) == 8 and sum(one["probability"] for one in body["predictions"]) == pytest.approx(1, abs=1e-4)


def test_a_bad_picture_fails_alone_in_its_batch(answer):
    jpeg = {"Content-Type": "image/jpeg"}
    good, bad, also_good = answer((jpeg, picture()), (jpeg, b"no picture"), (jpeg, picture()))
    assert good[0] == also_good[0] == 200 and good[2] == also_good[2]
    assert bad[0] == 400 and bad[2] == {"error": {"status": 400, "message": "The body is not a picture in any known format."}}


def test_each_request_of_a_batch_has_its_own_content_type_and_accept(answer):
    results = answer(
        ({"Content-Type": "image/jpeg"}, picture()),
        ({"Content-Type": "text/csv"}, b"\xff\xfe"),
        ({"Content-Type": "image/png", "Accept": "text/html"}, picture("PNG")),
        ({"Content-Type": "image/png", "Accept": "text/html, application/json;q=0.9"}, picture("PNG")),
    )
    assert [status for status, _, _ in results] == [200, 415, 406, 200]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "image/jpeg"}, b"", 400),
        ({"Content-Type": "image/jpeg"}, picture()[:200], 400),
        ({"Content-Type": "application/x-npy"}, b"\x93NUMPY", 415),
        ({"Content-Type": "application/json"}, b"\xff", 415),
        ({}, b"no picture", 400),
    ],
)
def test_a_clients_mistake_is_a_4xx_in_one_shape_and_without_a_traceback(answer, headers, body, status):
    [(answered, content_type, error)] = answer((headers, body))
    assert answered == status and content_type == "application/json"
    assert error["error"]["status"] == status and error["error"]["message"].endswith(".")
    assert "Traceback" not in json.dumps(error)


def test_a_fault_of_ours_is_a_500_with_an_id_that_is_in_the_log(answer, monkeypatch, caplog):
    monkeypatch.setattr(handler_service._transformer, "_predict_fn", lambda data, model: 1 / 0)
    [(status, _, body)] = answer(({"Content-Type": "image/jpeg"}, picture()))
    assert status == 500 and "ZeroDivisionError" not in json.dumps(body)
    fault = body["error"]["message"].split()[-1].rstrip(".")
    assert f"fault {fault}" in caplog.text and "ZeroDivisionError" in caplog.text


def test_a_model_that_cannot_be_loaded_is_not_swallowed(tmp_path, monkeypatch):
    fresh = handler_service.Transformer(handler_service._transformer._default_inference_handler)
    monkeypatch.setattr(handler_service, "_transformer", fresh)
    with pytest.raises(ValueError, match="There is no model.safetensors"):
        handler_service.handle(None, Context("model", str(tmp_path), None, 1, None, "test"))


@pytest.mark.parametrize("setting", ["0", "-1", "five", "1.5"])
def test_a_wrong_top_k_is_named(model_dir, monkeypatch, setting):
    from container.inference import model_fn

    monkeypatch.setenv("TOP_K", setting)
    with pytest.raises(ValueError, match="TOP_K must be a whole number"):
        model_fn(str(model_dir))


@pytest.mark.parametrize("test_flip", [False, True])
def test_serving_answers_exactly_as_evaluation_does(model_dir, test_flip):
    """One preprocessing: the endpoint's probabilities are those of `evaluate` on the same file, also where both flip."""
    from container.checkpoint import load_checkpoint
    from container.compute import Compute
    from container.data import Split
    from container.evaluation import evaluate
    from container.inference import input_fn, model_fn, predict_fn
    from container.picture_store import decode_split
    from container.picture_examples import PictureExamples

    path = model_dir / "a.jpg"
    Image.linear_gradient("L").rotate(90).convert("RGB").save(path)  # its mirror image is another picture
    model = create_model("shufflenet_v2_x0_5", len(CLASSES))
    save_checkpoint(model_dir, model.state_dict(), "shufflenet_v2_x0_5", HEAD_WIDTHS, CLASSES, Preprocessing.for_image_size(64), {}, test_flip)
    checkpoint = load_checkpoint(model_dir)
    assert checkpoint.test_flip is test_flip
    store = decode_split(Split("test", CLASSES, (path,), (0,)), checkpoint.preprocessing, model_dir / "store")
    compute = Compute(torch.device("cpu"), torch.float32)
    evaluated = evaluate(checkpoint.model.to(memory_format=torch.channels_last), PictureExamples(store, checkpoint.preprocessing, 1.0), compute, test_flip)
    best = evaluated.probabilities[0].max().item()
    served = predict_fn(input_fn(path.read_bytes(), "image/jpeg"), model_fn(str(model_dir)))
    assert served[0]["label"] == CLASSES[evaluated.probabilities[0].argmax()]
    assert served[0]["probability"] == pytest.approx(best, abs=1e-5)
