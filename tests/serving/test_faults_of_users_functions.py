"""What a user's functions may do wrong, in the real container: no request is answered 200 without an answer, and none
suffers for another.
"""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving.conftest import wait_for

JSON = "application/json"

# The body names the fault, and where it happens: "predict sys.exit"; otherwise it comes back.
FAULTS = """
import asyncio, json, sys, time
import numpy as np
from sagemaker_inference import decoder, encoder
from sagemaker_inference.errors import BaseInferenceToolkitError, GenericInferenceToolkitError, UnsupportedFormatError
class Own(BaseException):
    pass
def fail(what):
    if what == "sys.exit": sys.exit(3)
    if what == "sys.exit of zero": sys.exit(0)
    if what == "exit": exit()
    if what == "KeyboardInterrupt": raise KeyboardInterrupt
    if what == "GeneratorExit": raise GeneratorExit
    if what == "CancelledError": raise asyncio.CancelledError
    if what == "BaseException": raise Own("mine")
    if what == "MemoryError": raise MemoryError("too large")
    if what == "RecursionError": fail(what)
    if what == "404": raise BaseInferenceToolkitError(404, "No such customer.", "Not Found")
    if what == "422": raise GenericInferenceToolkitError(422, "Zu dunkel, b\\u00f6se", "Zu dunkel\\nb\\u00f6se")
    if what == "429": raise BaseInferenceToolkitError(429, "Later.", "Too Many Requests")
    if what == "503": raise BaseInferenceToolkitError(503, "The database is away.", "Service Unavailable")
    if what == "502": raise BaseInferenceToolkitError(502, "Secret.", "Bad Gateway")
    if what == "unsupported": raise UnsupportedFormatError("text/odd")
def step(name, given):
    where, _, what = given.partition(" ")
    if where == name: fail(what)
    return given
def model_fn(model_dir): return 1
def input_fn(body, content_type): return step("input", body if isinstance(body, str) else body.decode())
def predict_fn(given, model):
    if given == "slow": time.sleep(0.5)
    return step("predict", given)
def output_fn(given, accept, context):
    returned = {
        "None": None, "None and a type": (None, "text/plain"), "object": object(), "one": ("word",), "nothing": "",
        "bytes": b"\\x00\\xff",
        "bytearray": bytearray(b"ab"), "dict": {"a": [1]}, "array": np.array([1.5, 2]), "text": "word",
        "text of its type": ("1;2", "text/x-own"),
        "bytes of their type": (b"\\x89PNG", "image/png"), "dict of its type": ({"a": 1}, "application/vnd.own+json"),
        "three": ("word", "text/plain", 3),
        "odd type": ("word", "text/pl\\u00e4in"), "type of two lines": ("word", "text/plain\\r\\nX-Planted: 1"),
        "surrogate": "\\ud800", "no type": ("word", None),
    }
    if given == "odd phrase": context.set_response_status(422, "Sch\\u00f6n\\r\\nb\\u00f6se"); return "word"
    if given == "odd header": context.set_response_header(0, "X-Own", "a\\r\\nX-Planted: 1"); return "word"
    if given == "header of another alphabet": context.set_response_header(0, "X-Own", "\\u4f60"); return "word"
    if given == "odd header name": context.set_response_header(0, "X Own\\n", "1"); return "word"
    if given == "header of a number": context.set_response_header(0, "X-Own", 1); return "word"
    if given in ("status -1", "status 99", "status 1000", "status '200'"):
        context.set_response_status(eval(given[7:]))
        return "word"
    if given == "own status": context.set_response_status(418); return "word"
    return returned[given] if given in returned else step("output", given)
"""

UNCAUGHT = [
    "sys.exit",
    "sys.exit of zero",
    "exit",
    "KeyboardInterrupt",
    "GeneratorExit",
    "CancelledError",
    "BaseException",
    "MemoryError",
    "RecursionError",
]


@pytest.fixture(scope="module")
def faults(serve, model_folder):
    with serve(model_folder({"code/inference.py": FAULTS}, None)) as served:
        yield served


@pytest.mark.parametrize("what", UNCAUGHT)
def test_whatever_a_function_raises_is_a_500_under_the_requests_id_and_the_worker_lives(faults, what):
    workers = faults.workers()
    for where in ("input", "predict", "output"):
        answer = faults.invoke(f"{where} {what}".encode(), "x/y")
        assert answer.status == 500 and answer.headers["x-request-id"] in answer.error, (where, answer)
        wait_for(lambda: f"fault {answer.headers['x-request-id']}: " in faults.log, 10, "the log has no reason")
    assert faults.invoke(b"hello", "x/y").body == b"hello" and faults.workers() == workers and faults.ping() == 200


@pytest.mark.parametrize("where", ["input", "predict", "output"])
def test_the_other_requests_of_its_batch_are_answered(faults, where):
    """The first request keeps the worker busy, so that the others are one batch."""
    bodies = [f"{where} {what}".encode() for what in UNCAUGHT[:3]] + [
        f"innocent {number}".encode() for number in range(5)
    ]
    started = threading.Barrier(len(bodies) + 1)

    def ask(body):
        started.wait()
        return faults.invoke(body, "x/y")

    with ThreadPoolExecutor(len(bodies) + 1) as pool:
        answers = list(pool.map(ask, [b"slow", *bodies]))
    assert [one.status for one in answers] == [200, 500, 500, 500, 200, 200, 200, 200, 200]
    assert [one.body for one in answers[4:]] == bodies[3:]
    assert max(one.batch for one in answers[4:]) > 1


@pytest.mark.parametrize(
    "what",
    [
        "None",
        "None and a type",
        "object",
        "one",
        "surrogate",
        "header of a number",
        "odd header",
        "odd header name",
        "status -1",
        "status 99",
        "status 1000",
        "status '200'",
    ],
)
def test_a_function_that_returns_nothing_to_send_is_a_500_with_its_id(faults, what):
    answer = faults.invoke(what.encode(), "x/y")
    assert answer.status == 500 and answer.headers["x-request-id"] in answer.error and "x-planted" not in answer.headers
    wait_for(lambda: f"fault {answer.headers['x-request-id']}" in faults.log, 10, "the log has no reason")
    assert faults.invoke(b"hello", "x/y").body == b"hello"


@pytest.mark.parametrize(
    ("what", "accept", "content_type", "body"),
    [
        ("text", None, JSON, b"word"),
        ("text", "text/csv", "text/csv", b"word"),
        ("text", "*/*", JSON, b"word"),
        ("nothing", None, JSON, b""),
        ("bytes", "application/x-own", "application/x-own", b"\x00\xff"),
        ("bytearray", None, JSON, b"ab"),
        ("text of its type", "text/csv", "text/x-own", b"1;2"),
        ("bytes of their type", None, "image/png", b"\x89PNG"),
        ("three", None, "text/plain", b"word"),
        ("no type", "text/csv", "text/csv", b"word"),
        ("dict", None, JSON, b'{"a": [1]}'),
        ("dict", "text/csv", JSON, b'{"a": [1]}'),
        ("array", None, JSON, b"[1.5, 2.0]"),
        ("dict of its type", None, "application/vnd.own+json", b'{"a": 1}'),
        ("odd type", None, JSON, b"word"),
        ("odd type", "text/csv", "text/csv", b"word"),
        ("type of two lines", None, JSON, b"word"),
    ],
)
def test_what_output_fn_returns_is_the_body_with_its_type_or_the_accepted_one(faults, what, accept, content_type, body):
    answer = faults.invoke(what.encode(), "x/y", **({"Accept": accept} if accept else {}))
    assert (answer.status, answer.headers["content-type"], answer.body) == (
        200,
        content_type,
        body,
    ) and "x-planted" not in answer.headers


@pytest.mark.parametrize(
    ("what", "status", "message"),
    [
        ("404", 404, "No such customer."),
        ("422", 422, "Zu dunkel, böse"),
        ("429", 429, "Later."),
        ("503", 503, None),
        ("unsupported", 415, "Content type text/odd is not supported by this framework."),
    ],
)
def test_an_error_that_a_function_raises_for_the_client_keeps_its_status(faults, what, status, message):
    for where in ("input", "predict", "output"):
        answer = faults.invoke(f"{where} {what}".encode(), "x/y")
        wanted = 406 if (where, what) == ("output", "unsupported") else status
        assert answer.status == wanted and (message is None or answer.error == message), (where, answer)


def test_any_other_server_error_of_a_function_is_a_500_that_does_not_tell(faults):
    answer = faults.invoke(b"predict 502", "x/y")
    assert answer.status == 500 and "Secret" not in answer.error
    wait_for(lambda: "Secret." in faults.log, 10, "the log has no reason")


@pytest.mark.parametrize(("what", "status"), [("odd phrase", 422), ("own status", 418)])
def test_a_status_that_a_function_sets_is_sent_whatever_its_phrase(faults, what, status):
    answer = faults.invoke(what.encode(), "x/y")
    assert (answer.status, answer.body) == (status, b"word") and "x-planted" not in answer.headers


def test_a_header_that_another_character_set_needs_is_sent(faults):
    answer = faults.invoke(b"header of another alphabet", "x/y")
    assert (answer.status, answer.body) == (200, b"word") and "x-own" in answer.headers


# What reaches input_fn and transform_fn.
SAYING = """
import json
from sagemaker_inference import decoder, encoder
def model_fn(model_dir): return 1
def transform_fn(model, body, content_type, accept, context):
    if content_type == "application/odd":
        return encoder.encode(decoder.decode("[1]", "application/json"), accept), accept
    if content_type == "text/odd": return decoder.decode(body, content_type)
    text = body if isinstance(body, str) else body.decode("latin-1")
    return json.dumps([type(body).__name__, text, content_type, accept]), "application/json"
"""


@pytest.fixture(scope="module")
def saying(serve, model_folder):
    with serve(model_folder({"code/inference.py": SAYING}, None)) as served:
        yield served


@pytest.mark.parametrize(
    ("body", "header", "given"),
    [
        (b"[1]", "application/json", ["str", "[1]", "application/json"]),
        (b'"\xc3\xa4"', "application/json; charset=utf-8", ["str", '"ä"', "application/json"]),
        (b"[1]", "Application/JSON", ["str", "[1]", "application/json"]),
        (b"[1]", 'application/json;charset="UTF-8"', ["str", "[1]", "application/json"]),
        (b"\xe4", "text/csv; charset=ISO-8859-1", ["str", "ä", "text/csv"]),
        (b"1,2", "text/csv; header=absent", ["str", "1,2", "text/csv"]),
        (b"1", "Application/X-NPY", ["bytes", "1", "application/x-npy"]),
        (b"1", "application/octet-stream; v=1", ["bytes", "1", "application/octet-stream"]),
        (b"1", "text/plain; charset=utf-8", ["bytes", "1", "text/plain; charset=utf-8"]),
        (b"1", "multipart/form-data; boundary=xyz", ["bytes", "1", "multipart/form-data; boundary=xyz"]),
        (b"1", "Image/JPEG", ["bytes", "1", "Image/JPEG"]),
        (b"", "application/json", ["str", "", "application/json"]),
    ],
)
def test_a_content_type_that_the_toolkit_knows_reaches_the_functions_bare_and_its_text_decoded(
    saying, body, header, given
):
    assert saying.invoke(body, header).json == [*given, JSON]


@pytest.mark.parametrize(
    ("body", "header", "status", "said"),
    [
        (b"\xff", "application/json", 400, "The body is not UTF-8, as application/json must be"),
        (b"1", "text/csv; charset=klingon", 415, "The charset klingon of Content-Type is not taken. Send UTF-8."),
        (b"1", "text/csv; charset=zip", 415, "The charset zip"),
        (b"1", "text/csv; charset=idna", 415, "The charset idna"),
    ],
)
def test_text_that_cannot_be_decoded_is_refused_in_a_sentence(saying, body, header, status, said):
    answer = saying.invoke(body, header)
    assert answer.status == status and answer.error.startswith(said)


def test_transform_fn_is_told_apart_by_the_type_that_the_toolkit_does_not_support(saying):
    assert saying.invoke(b"1", "application/odd", Accept="text/weird").status == 406
    assert saying.invoke(b"1", "text/odd", Accept="application/json").status == 415


def test_an_empty_json_body_for_this_images_model_is_told_so(serve, picture):
    with serve() as served:
        hints = {
            JSON: '{"image": "<base64>"} or {"instances": [...]}',
            "application/jsonlines": 'a line of {"image": "<base64>"} for each picture',
            "image/png": "the bytes of one picture",
        }
        for content_type, hint in hints.items():
            answer = served.invoke(b"", content_type)
            assert (answer.status, answer.error) == (400, f"The body is empty. Send {hint}.")
        assert json.loads(served.invoke(picture, "Image/JPEG; q=1").body)["predictions"]
