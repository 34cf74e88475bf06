"""make try: a page on this machine alone that asks the endpoint, and answers neither other pages nor other users."""

import http.client
import json
import re
import threading

import pytest

from scripts import try_endpoint
from scripts.aws.invocation import Answer
from scripts.try_page.answers import PREDICTIONS, SALIENCY, ask, model_sentence, stages
from scripts.try_page.server import PageServer
from tests.scripts.sagemaker_stand_in import Refusal

BEAGLE = {"predictions": [{"label": "Beagle", "probability": 0.931}]}
MAP = {"label": "Beagle", "box": [0, 0, 1, 1], "grid": [[0, 1], [0.5, 0]]}


@pytest.fixture
def endpoint(endpoint_in_service):
    endpoint_in_service.invoke = lambda headers, body: BEAGLE
    return endpoint_in_service


@pytest.fixture
def started(endpoint, monkeypatch, capsys):
    """The program in a thread: its server, once it serves."""
    served = threading.Event()
    made = []
    serve = PageServer.serve_forever

    def serve_forever(server):
        made.append(server)
        served.set()
        serve(server, 0.02)

    monkeypatch.setattr(PageServer, "serve_forever", serve_forever)
    ended = []
    thread = threading.Thread(target=lambda: ended.append(try_endpoint.main([])))
    thread.start()
    assert served.wait(20)
    yield made[0]
    made[0].shutdown()
    thread.join()
    assert ended == [0]


def request(server, method, path, body=None, **headers):
    """Status, headers and body; underscores are hyphens."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def error(answer) -> str:
    return json.loads(answer[2])["error"]


def test_the_page_is_printed_and_passes_pictures_to_the_endpoint(started, endpoint, capsys):
    sent = []
    endpoint.invoke = lambda headers, body: sent.append((headers, body)) or BEAGLE
    shown = capsys.readouterr()
    [address] = re.findall(r"^open (http://127\.0\.0\.1:\d+/#\S+)$", shown.out, re.MULTILINE)
    assert address == started.address and "costs money until `make delete`" in shown.err
    token = address.partition("#")[2]
    status, headers, page = request(started, "GET", "/")
    assert status == 200 and b"Try the endpoint" in page and token.encode() not in page
    for name in re.findall(rb'(?:href|src)="([a-z]+\.[a-z]+)"', page):
        assert request(started, "GET", f"/{name.decode()}")[0] == 200
    status, _, facts = request(started, "GET", "/endpoint", X_Token=token)
    assert json.loads(facts)["name"] == "dogbreed" and json.loads(facts)["region"] == "eu-west-1"
    for secret in (b"AWS_", b'test"', b"Credential"):
        assert secret not in page + facts
    status, _, said = request(
        started, "POST", "/pictures?output=predictions", b"\xff\xd8 a dog", X_Token=token, Content_Type="image/jpeg"
    )
    assert status == 200 and json.loads(said)["predictions"] == BEAGLE["predictions"]
    [(headers, body)] = sent
    assert (headers["Content-Type"], headers["X-Amzn-SageMaker-Custom-Attributes"]) == ("image/jpeg", "timing=true")
    assert body == b"\xff\xd8 a dog"


@pytest.mark.parametrize("token", [{}, {"X_Token": ""}, {"X_Token": "guessed"}])
@pytest.mark.parametrize("method, path", [("GET", "/endpoint"), ("POST", "/pictures?output=predictions")])
def test_nobody_without_the_token_reaches_the_endpoint(started, endpoint, method, path, token):
    endpoint.invoke = None
    answer = request(started, method, path, b"x", **token)
    assert answer[0] == 403 and "Open the address that was printed" in error(answer)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "10.0.0.1", "[::2]:8"]
)
@pytest.mark.parametrize("method, path", [("GET", "/"), ("GET", "/endpoint"), ("POST", "/pictures?output=predictions")])
def test_a_name_that_was_made_to_lead_here_is_refused(started, endpoint, method, path, host):
    endpoint.invoke = None
    answer = request(started, method, path, b"x", Host=host, X_Token=started.token)
    assert answer[0] == 403 and "answers under no other name" in error(answer)


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:9000", "[::1]:9000"])
def test_a_forwarded_port_is_answered(started, host):
    assert request(started, "GET", "/endpoint", Host=host, X_Token=started.token)[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_a_page_of_another_origin_is_refused_even_with_the_token(started, endpoint, headers):
    endpoint.invoke = None
    answer = request(started, "POST", "/pictures?output=predictions", b"x", X_Token=started.token, **headers)
    assert answer[0] == 403 and "other origins" in error(answer)
    assert not [name for name in answer[1] if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE"])
def test_other_methods_are_not_answered(started, method):
    status, headers, _ = request(started, method, "/pictures?output=predictions", X_Token=started.token)
    assert status == 501 and not [name for name in headers if name.lower().startswith("access-control-")]


def test_every_answer_forbids_what_the_page_does_not_need(started):
    for path in ("/", "/page.js", "/endpoint", "/nowhere"):
        headers = request(started, "GET", path)[1]
        assert "default-src 'none'" in headers["Content-Security-Policy"] and headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"] and "unsafe" not in str(headers)


@pytest.mark.parametrize("path", ["/nowhere", "/../server.py", "/%2e%2e/server.py", "//etc/passwd", "/static/page.js"])
def test_nothing_but_the_pages_files_is_given_out(started, path):
    assert request(started, "GET", path)[0] == 404


@pytest.mark.parametrize("path", ["/pictures", "/pictures?output=embedding", "/?output=predictions"])
def test_nothing_else_is_asked_of_the_endpoint(started, endpoint, path):
    endpoint.invoke = None
    assert request(started, "POST", path, b"x", X_Token=started.token)[0] == 404


def test_a_body_above_the_limit_or_without_its_length_is_refused_before_it_is_read(started):
    with_length = {"X_Token": started.token, "Content_Length": str(26 * 1024 * 1024)}
    answer = request(started, "POST", "/pictures?output=predictions", **with_length)
    assert answer[0] == 413 and "at most 25 MB" in error(answer)
    for length in ("-1", "x", "1" * 30):
        answer = request(started, "POST", "/pictures?output=predictions", X_Token=started.token, Content_Length=length)
        assert answer[0] == 411


def test_it_listens_on_this_machine_alone(started):
    assert started.server_address[0] == "127.0.0.1"


def test_what_the_model_refuses_is_its_sentence(started, endpoint):
    def refuse(headers, body):
        raise Refusal(
            "ModelError",
            "Received client error (400) from primary",
            424,
            OriginalStatusCode=400,
            OriginalMessage='{"error": {"status": 400, "message": "The body is no picture."}}',
        )

    endpoint.invoke = refuse
    answer = request(started, "POST", "/pictures?output=predictions", b"x", X_Token=started.token)
    assert (answer[0], error(answer)) == (424, "The model refused it (400): The body is no picture.")


def test_what_aws_refuses_is_a_sentence_with_the_next_step(started, endpoint):
    def expired(headers, body):
        raise Refusal("ExpiredTokenException", "The token has expired.", 403)

    endpoint.invoke = expired
    answer = request(started, "POST", "/pictures?output=predictions", b"x", X_Token=started.token)
    assert answer[0] == 502 and error(answer).endswith("Log in again.")


def test_a_map_is_asked_for_with_the_field_that_the_serve_image_reads(started, endpoint):
    sent = []
    endpoint.invoke = lambda headers, body: sent.append(headers) or {**BEAGLE, "saliency": MAP}
    answer = request(started, "POST", "/pictures?output=saliency", b"x", X_Token=started.token)
    assert json.loads(answer[2])["saliency"] == MAP
    assert sent[0]["X-Amzn-SageMaker-Custom-Attributes"] == "output=saliency;top-k=1"


@pytest.mark.parametrize(
    "said",
    [
        BEAGLE,
        {"saliency": None},
        {"saliency": {"grid": [], "box": [0, 0, 1, 1]}},
        {"saliency": {"grid": [[1], [1, 2]], "box": [0, 0, 1, 1]}},
        {"saliency": {"grid": [["x"]], "box": [0, 0, 1, 1]}},
        {"saliency": {"grid": [[1]], "box": [0, 1]}},
        [],
        "text",
    ],
)
def test_an_answer_without_a_usable_map_says_so(said):
    status, found = ask(lambda *request: Answer(json.dumps(said).encode()), b"", "image/jpeg", SALIENCY)
    assert status == 502 and "does not say what decided" in found["error"]


@pytest.mark.parametrize("said", [[1, 2], {"predictions": "none"}, {"predictions": [{"label": "x"}]}, 3, None])
def test_answers_of_another_form_are_shown_as_they_are(said):
    status, found = ask(lambda *request: Answer(json.dumps(said).encode()), b"", "image/jpeg", PREDICTIONS)
    assert status == 200 and json.loads(found["other"]) == said


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (
            'queue;dur=0.2, input;dur=3.4, predict;dur=41.0, output;dur=0.4, batch;desc="3"',
            {"queue": 0.2, "input": 3.4, "predict": 41.0, "output": 0.4, "batch": 3},
        ),
        ("queue;dur=1", {"queue": 1}),
        ("trace=1", {}),
        ("", {}),
    ],
)
def test_stages_are_read_of_what_the_container_tells(header, found):
    assert stages(header) == found


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('{"error": {"status": 503, "message": "Try again."}}', "The model refused it (503): Try again."),
        ('{"error": "no picture"}', "The model refused it (503): no picture"),
        ("plain", "The model refused it (503): plain"),
        ("[1]", "The model refused it (503): [1]"),
        ("", "The model refused it (503): it gave no reason."),
    ],
)
def test_an_error_of_any_container_is_a_sentence(body, sentence):
    assert model_sentence(503, body) == sentence


def test_without_an_endpoint_the_next_step_is_named(endpoint, capsys):
    endpoint.answers["DescribeEndpoint"] = Refusal("ValidationException", 'Could not find endpoint "dogbreed".')
    assert try_endpoint.main([]) == 1
    assert "There is no endpoint dogbreed in eu-west-1. Run `make deploy`." in capsys.readouterr().err


def test_a_port_that_is_taken_is_a_sentence(started, capsys):
    assert try_endpoint.main(["--port", str(started.server_port)]) == 1
    assert f"The port {started.server_port} cannot be had" in capsys.readouterr().err


def test_a_port_that_is_none_is_a_usage_error(endpoint):
    with pytest.raises(SystemExit) as ended:
        try_endpoint.main(["--port", "70000"])
    assert ended.value.code == 2
