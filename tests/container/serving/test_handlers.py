"""Requests through this image's functions and through a user's own, request by request."""

import json

import pytest

from container.serving import inference
from container.serving.inference.handlers import WrongHandlers

MODEL_FN = "def model_fn(model_dir):\n    return 'my model'\n"


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


def test_a_users_output_fn_replaces_ours_alone(load, request_of, outcome, picture):
    functions = load("def output_fn(prediction, accept):\n    return prediction[0]['label'].upper(), 'text/plain'\n")
    invocation = request_of(picture())
    functions.answer([invocation])
    status, content_type, body = outcome(invocation)
    assert (status, content_type) == (200, "text/plain") and body.startswith("BREED_")


def test_a_users_per_item_functions_get_one_request_at_a_time_and_its_own_context(load, request_of, outcome):
    functions = load(
        MODEL_FN
        + "def input_fn(body, content_type, context):\n    return body, content_type, context.get_request_header(0, "
        "'X-Who')\n"
        + "def predict_fn(data, model, context):\n"
        + "    context.set_response_header(0, 'X-Model', model)\n    return data\n"
        + "def output_fn(prediction, accept):\n    body, content_type, who = prediction\n    return f'{body!r} "
        "{content_type} {who} {accept}'\n"
    )
    invocations = [
        request_of(b"\x00", "application/x-mine", X_Who="one"),
        request_of(b"2", "text/csv", X_Who="two", Accept="text/plain"),
    ]
    functions.answer(invocations)
    assert [invocation.answer for invocation in invocations] == [
        "b'\\x00' application/x-mine one application/json",
        "'2' text/csv two text/plain",
    ]
    assert [invocation.context.get_response_status(0)[0] for invocation in invocations] == [200, 200] and invocations[
        0
    ].context.get_response_headers(0)["X-Model"] == "my model"


def test_a_users_batch_form_gets_all_requests_at_once(load, request_of):
    functions = load(
        MODEL_FN
        + "def input_fn(body, content_type):\n    return int(body)\n"
        + "def predict_batch_fn(numbers, model):\n    return [ValueError('odd') if number % 2 else (number, "
        "len(numbers)) for number in numbers]\n"
        + "def output_fn(prediction, accept):\n    return {'answer': prediction}\n"
    )
    invocations = [request_of(str(number).encode(), "application/x-number") for number in (2, 3, 4)]
    functions.answer(invocations)
    assert [json.loads(invocation.answer).get("answer") for invocation in invocations] == [[2, 3], None, [4, 3]]
    assert invocations[1].context.get_response_status(0)[0] == 500


def test_a_batch_that_fails_as_a_whole_is_tried_one_by_one(load, request_of):
    functions = load(
        MODEL_FN
        + "def input_fn(body, content_type):\n    return body\n"
        + "def predict_batch_fn(bodies, model):\n    assert b'poison' not in bodies\n    return [body.decode() for "
        "body in bodies]\n" + "def output_fn(prediction, accept):\n    return prediction\n"
    )
    invocations = [request_of(body, "x/y") for body in (b"a", b"poison", b"b")]
    functions.answer(invocations)
    assert [invocation.context.get_response_status(0)[0] for invocation in invocations] == [200, 500, 200]


def test_a_users_transform_fn_does_it_all(load, request_of, outcome):
    functions = load(
        MODEL_FN
        + "def transform_fn(model, body, content_type, accept):\n    return body.decode()[::-1] + model, 'text/plain'\n"
    )
    invocation = request_of(b"abc", "x/y")
    functions.answer([invocation])
    assert outcome(invocation) == (200, "text/plain", "cbamy model")


def test_a_user_may_answer_with_an_error_of_their_own(load, request_of, outcome):
    functions = load(
        "from sagemaker_inference.errors import BaseInferenceToolkitError\n"
        "def input_fn(body, content_type):\n    raise BaseInferenceToolkitError(422, 'Too dark.', 'Unprocessable "
        "Entity')\n"
    )
    invocation = request_of(b"x", "x/y")
    functions.answer([invocation])
    assert outcome(invocation) == (422, "application/json", {"error": {"status": 422, "message": "Too dark."}})


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (MODEL_FN, "has no predict_fn, and its model_fn returned an object of type str"),
        (MODEL_FN + "def output_fn(prediction, accept):\n    return prediction\n", "has no predict_fn"),
        ("def predict_fn(data):\n    return data\n", "predict_fn must take 2 arguments, or 3 with the context, not 1"),
        ("def transform_fn(a, b, c, d):\n    pass\ndef input_fn(a, b):\n    pass\n", "transform_fn"),
        ("import nowhere\n", "nowhere"),
    ],
)
def test_functions_that_cannot_work_together_end_the_start(load, code, reason):
    with pytest.raises((WrongHandlers, ValueError, ModuleNotFoundError), match=reason):
        load(code)


def test_without_this_images_model_file_a_users_code_needs_a_model_fn(load, model_dir):
    (model_dir / "model.safetensors").unlink()
    with pytest.raises(
        WrongHandlers,
        match=r"There is no model.safetensors in .* inference.py has no model_fn that loads another model",
    ):
        load("def predict_fn(data, model):\n    return data\n")


@pytest.mark.parametrize("raised", ["SystemExit(0)", "KeyboardInterrupt", "GeneratorExit", "MemoryError"])
@pytest.mark.parametrize("function", ["input_fn", "predict_fn", "predict_batch_fn", "output_fn", "transform_fn"])
def test_whatever_a_function_raises_fails_its_request_alone(load, request_of, function, raised):
    functions = {
        "input_fn": "def input_fn(body, content_type):\n    given = body\n    FAULT\n    return body\n",
        "predict_fn": "def predict_fn(given, model):\n    FAULT\n    return given\n",
        "predict_batch_fn": "def predict_batch_fn(many, model):\n    for given in many:\n        FAULT\n    return "
        "many\n",
        "output_fn": "def output_fn(given, accept):\n    FAULT\n    return given\n",
        "transform_fn": "def transform_fn(model, given, content_type, accept):\n    FAULT\n    return given\n",
    }
    used = (
        ["transform_fn"]
        if function == "transform_fn"
        else ["input_fn", "predict_batch_fn" if function == "predict_batch_fn" else "predict_fn", "output_fn"]
    )
    fault = f"if given == b'bad': raise {raised}"
    given = load(
        MODEL_FN + "".join(functions[name].replace("FAULT", fault if name == function else "pass") for name in used)
    )
    invocations = [request_of(body, "x/y") for body in (b"good", b"bad", b"well")]
    given.answer(invocations)
    assert [invocation.context.get_response_status(0)[0] for invocation in invocations] == [200, 500, 200]
    assert [invocations[0].answer, invocations[2].answer] == [b"good", b"well"] and "abc123" in invocations[1].answer
    assert invocations[1].fault.startswith(raised.partition("(")[0]) and not invocations[0].fault


def test_a_request_that_was_left_without_an_answer_is_a_500(load, request_of):
    functions, invocation = load(), request_of(b"x")
    invocation.done.set()
    functions.settle(invocation)
    assert invocation.context.get_response_status(0)[0] == 500 and "abc123" in invocation.answer
    answered = request_of(b"x")
    answered.answer = ""
    functions.settle(answered)
    assert answered.context.get_response_status(0)[0] == 200


def test_a_models_kind_decides_what_stands_in_for_functions_that_are_left_out(load, request_of, outcome):
    module = load("import torch\ndef model_fn(model_dir):\n    return torch.nn.Flatten(0)\n")
    invocation = request_of(b"[[1, 2], [3, 4]]", "application/json")
    module.answer([invocation])
    assert outcome(invocation) == (200, "application/json", [1.0, 2.0, 3.0, 4.0])


def test_a_users_model_fn_may_return_this_images_model(load, request_of, outcome, picture):
    functions = load(
        "from container.serving import inference\ndef model_fn(model_dir):\n    return inference.model_fn(model_dir)\n"
    )
    invocation = request_of(picture())
    functions.answer([invocation])
    assert outcome(invocation)[0] == 200 and len(outcome(invocation)[2]["predictions"]) == 5 and functions.side_by_side


@pytest.mark.parametrize(
    ("returned", "body"),
    [
        ("inference.predict_fn(request, model)[:1]", None),  # this image's kind of answer keeps its form
        ("{'best': 1}", {"best": 1}),
        ("[0.5, 0.25]", [0.5, 0.25]),
        ("np.array([1.5])", [1.5]),
        ("'word'", "word"),
    ],
)
def test_a_users_predict_fn_on_this_images_model_may_return_anything(
    load, request_of, outcome, picture, returned, body
):
    functions = load(
        "import numpy as np\nfrom container.serving import inference\ndef predict_fn(request, model):\n    return "
        f"{returned}\n"
    )
    invocation = request_of(picture())
    functions.answer([invocation])
    status, content_type, answer = outcome(invocation)
    assert (status, content_type) == (200, "application/json") and (
        answer == body if body is not None else list(answer) == ["predictions"]
    )


def test_an_embedding_that_passes_through_a_users_predict_fn_stays_one(load, request_of, outcome, picture):
    functions = load(
        "from container.serving import inference\ndef predict_fn(request, model):\n    return "
        "inference.predict_fn(request, model)\n"
    )
    invocation = request_of(picture(), X_Query="output=embedding")
    functions.answer([invocation])
    assert list(outcome(invocation)[2]) == ["embedding"]


def test_an_input_fn_that_makes_no_picture_for_this_images_model_is_named_in_the_log(load, request_of, caplog):
    functions = load("def input_fn(body, content_type):\n    return [1]\n")
    invocation = request_of(b"x", "x/y")
    functions.answer([invocation])
    assert (
        invocation.context.get_response_status(0)[0] == 500
        and "input_fn returned an object of type list. This image's model takes a PIL.Image.Image." in caplog.text
    )


def test_the_default_accept_is_the_environments(load, request_of, outcome, picture, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/csv")
    invocations = [
        request_of(picture()),
        request_of(picture(), Accept="*/*"),
        request_of(picture(), Accept="application/json"),
    ]
    load().answer(invocations)
    assert [outcome(invocation)[1] for invocation in invocations] == ["text/csv", "text/csv", "application/json"]


@pytest.mark.parametrize("test_flip", [False, True])
def test_serving_answers_exactly_as_evaluation_does(model_dir, test_flip):
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
    )
    checkpoint = load_checkpoint(model_dir)
    assert checkpoint.test_flip is test_flip
    store = decode_split(
        Split("test", checkpoint.classes, (path,), (0,)), checkpoint.preprocessing, model_dir / "store"
    )
    examples = PictureExamples(store, checkpoint.preprocessing, 1.0)
    evaluated = evaluate(
        checkpoint.model.to(memory_format=torch.channels_last),
        examples,
        ComputeDevice(torch.device("cpu"), torch.float32),
        test_flip,
    )
    model = inference.model_fn(str(model_dir))
    served = inference.predict_fn(Image.open(path), model)
    assert served[0]["label"] == checkpoint.classes[evaluated.probabilities[0].argmax()]
    assert served[0]["probability"] == pytest.approx(
        evaluated.probabilities[0].max().item(), abs=0.02
    )  # bfloat16 where the processor has it
