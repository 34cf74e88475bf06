"""Requests through this image's functions, request by request."""

import json
from base64 import b64encode
from dataclasses import replace

import pytest

from container.serving import inference


def test_a_picture_is_answered_with_labels_and_probabilities(load, request_of, outcome, picture):
    invocation = request_of(picture())
    load().answer([invocation])
    status, content_type, body = outcome(invocation)
    assert (status, content_type) == (200, "application/json")
    probabilities = [one["probability"] for one in body["predictions"]]
    assert (
        len(probabilities) == 5
        and probabilities == sorted(probabilities, reverse=True)
        and 0 < sum(probabilities) <= 1.00001
    )
    assert {one["label"] for one in body["predictions"]} <= {f"Breed_{index}" for index in range(8)}


def test_a_bad_picture_fails_alone_in_its_batch(load, request_of, outcome, picture):
    invocations = [request_of(picture()), request_of(b"no picture"), request_of(picture()[:300]), request_of(picture())]
    load().answer(invocations)
    assert [outcome(invocation)[0] for invocation in invocations] == [200, 400, 400, 200]
    assert invocations[0].answer == invocations[3].answer
    for invocation in invocations[1:3]:
        _, content_type, body = outcome(invocation)
        assert (
            content_type == "application/json"
            and body["error"]["status"] == 400
            and body["error"]["message"].endswith(".")
        )


@pytest.mark.parametrize(
    ("content_type", "body", "name"),
    [
        ("image/jpeg", "{}", "The body"),
        ("application/json", '{{"instances": ["{}", "{}"]}}', "instances[1]"),
        ("application/jsonlines", '"{}"\n\n"{}"\n', "Line 3"),
    ],
)
def test_a_picture_that_breaks_off_is_called_as_the_request_calls_it(
    load, request_of, outcome, picture, content_type, body, name
):
    whole, half = picture(), picture()[:300]
    sent = half if content_type == "image/jpeg" else body.format(*(b64encode(one).decode() for one in (whole, half)))
    invocation = request_of(sent if isinstance(sent, bytes) else sent.encode(), content_type)
    load().answer([invocation])
    assert outcome(invocation)[0] == 400
    assert outcome(invocation)[2]["error"]["message"].startswith(f"{name} is not a readable picture: ")


def test_each_request_of_a_batch_has_its_own_content_type_accept_and_options(load, request_of, outcome, picture):
    invocations = [
        request_of(picture("PNG"), "image/png", X_Query="top_k=2"),
        request_of(b"1,2", "text/csv"),
        request_of(picture(), Accept="text/html"),
        request_of(picture(), Accept="text/csv", X_Query="top-k=1"),
        request_of(picture(), Accept="text/html, application/json;q=0.9"),
        request_of(picture(), **{"X-Amzn-SageMaker-Custom-Attributes": "output=embedding"}),
    ]
    load().answer(invocations)
    assert [outcome(invocation)[0] for invocation in invocations] == [200, 415, 406, 200, 200, 200]
    assert len(outcome(invocations[0])[2]["predictions"]) == 2
    assert outcome(invocations[3])[1] == "text/csv" and invocations[3].answer.count(",") == 1
    assert len(outcome(invocations[5])[2]["embedding"]) == 1024  # what shufflenet's head is given


def test_a_batch_is_one_forward_pass(load, request_of, outcome, picture):
    functions = load()
    sizes = []
    forward = functions.model._network
    functions.model._network = lambda inputs: (sizes.append(len(inputs)), forward(inputs))[1]
    invocations = [request_of(picture(colour=colour)) for colour in ("red", "green", "blue")]
    functions.answer(invocations)
    assert sizes == [3]
    assert {outcome(invocation)[0] for invocation in invocations} == {200}


def test_many_pictures_of_one_request_take_several_forward_passes_of_the_batch_size(
    load, request_of, outcome, picture, monkeypatch
):
    import base64

    monkeypatch.setenv("DOGBREED_BATCH_SIZE", "4")
    functions = load()
    sizes = []
    forward = functions.model._network
    functions.model._network = lambda inputs: (sizes.append(len(inputs)), forward(inputs))[1]
    invocation = request_of(
        json.dumps({"instances": [base64.b64encode(picture()).decode()] * 6}).encode(), "application/json"
    )
    functions.answer([invocation])
    assert outcome(invocation)[0] == 200 and len(outcome(invocation)[2]["predictions"]) == 6 and sizes == [4, 2]


def test_a_fault_of_ours_is_a_500_whose_reason_is_in_the_log_under_the_requests_id(
    load, request_of, outcome, picture, monkeypatch, caplog
):
    functions = load()
    functions.model._network = lambda inputs: 1 / 0
    invocation = request_of(picture())
    functions.answer([invocation])
    status, _, body = outcome(invocation)
    assert status == 500 and "abc123" in body["error"]["message"] and "ZeroDivisionError" not in invocation.answer
    assert "fault abc123" in caplog.text and "ZeroDivisionError" in caplog.text


def test_the_stages_times_and_the_batchs_size_are_in_a_header(load, request_of, picture):
    invocations = [request_of(picture()) for _ in range(2)]
    load().answer(invocations)
    timing = invocations[0].context.get_response_headers(0)["Server-Timing"]
    assert [part.split(";")[0] for part in timing.split(", ")] == ["queue", "input", "predict", "output", "batch"]
    assert timing.endswith('batch;desc="2"')


def test_a_request_that_was_left_without_an_answer_is_a_500(load, request_of):
    functions, invocation = load(), request_of(b"x")
    invocation.done.set()
    functions.settle(invocation)
    assert invocation.context.get_response_status(0)[0] == 500 and "abc123" in invocation.answer
    answered = request_of(b"x")
    answered.answer = ""
    functions.settle(answered)
    assert answered.context.get_response_status(0)[0] == 200


def test_the_default_accept_is_the_environments(load, request_of, outcome, picture, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv")
    invocations = [
        request_of(picture()),
        request_of(picture(), Accept="*/*"),
        request_of(picture(), Accept="application/json"),
    ]
    load().answer(invocations)
    assert [outcome(invocation)[1] for invocation in invocations] == ["text/csv", "text/csv", "application/json"]


@pytest.mark.parametrize(("test_flip", "temperature"), [(False, 1.0), (True, 1.0), (True, 0.3)])
def test_serving_answers_exactly_as_evaluation_does(model_dir, test_flip, temperature):
    """One preprocessing: the endpoint's probabilities are those of `evaluate` on the same file, also where both
    flip.
    """
    import torch
    from PIL import Image

    from container.data.class_folders import Split
    from container.data.picture_examples import PictureExamples
    from container.data.picture_store import decode_split
    from container.model.head import HEAD_WIDTHS
    from container.model.model_file import load_checkpoint, save_checkpoint
    from container.runtime.device import ComputeDevice
    from container.training.evaluation import evaluate
    from container.training.temperature import Temperature

    path = model_dir / "a.jpg"
    Image.linear_gradient("L").rotate(90).convert("RGB").save(path)  # its mirror image is another picture
    before = load_checkpoint(model_dir)
    save_checkpoint(
        model_dir,
        before.model.state_dict(),
        before.arch,
        HEAD_WIDTHS,
        before.classes,
        before.preprocessing,
        {},
        test_flip,
        temperature,
    )
    checkpoint = load_checkpoint(model_dir)
    assert checkpoint.test_flip is test_flip
    store = decode_split(
        Split("test", checkpoint.classes, (path,), (0,)), checkpoint.preprocessing, model_dir / "store"
    )
    examples = PictureExamples(store, checkpoint.preprocessing, 1.0)
    evaluated = replace(
        evaluate(
            checkpoint.model.to(memory_format=torch.channels_last),
            examples,
            ComputeDevice(torch.device("cpu"), torch.float32),
            test_flip,
        ),
        temperature=Temperature(checkpoint.temperature),
    )
    model = inference.model_fn(str(model_dir))
    with Image.open(path) as picture:
        served = inference.predict_fn(picture, model)
    assert served[0]["label"] == checkpoint.classes[evaluated.probabilities[0].argmax()]
    assert served[0]["probability"] == pytest.approx(
        evaluated.probabilities[0].max().item(), abs=0.02
    )  # bfloat16 where the processor has it
