"""Requests through a user's own functions, alone and beside this image's, request by request."""

import json

import pytest

from container.serving.inference.handlers import WrongHandlers

MODEL_FN = "def model_fn(model_dir):\n    return 'my model'\n"


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
        and "input_fn returned an object of type list, and this image's model takes a PIL.Image.Image." in caplog.text
    )
