"""make push through a login of ECR that runs out, a network that breaks off, and credentials that end."""

import pytest

from scripts import push
from tests.scripts.trouble.sentences import one_sentence

IMAGE_ID = "sha256:0123456789abcdef" + "0" * 48
# As Docker ends with them: ECR's own, the registry protocol's, and that of an engine without a login.
RUN_OUT = (
    "denied: Your authorization token has expired. Reauthenticate and try again.",
    "unauthorized: authentication required",
    "no basic auth credentials",
    'error parsing HTTP 403 response body: unexpected end of JSON input: ""',
    "unexpected status from PUT request to https://x/v2/dogbreed-train/blobs/uploads/1: 401 Unauthorized",
)
PASSING = (
    'Put "https://x/v2/dogbreed-train/blobs/uploads/1": read tcp 10.0.0.2:44: read: connection reset by peer',
    'Patch "https://x/v2/": EOF',
    "net/http: TLS handshake timeout",
    "dial tcp: lookup x on 10.0.0.1:53: no such host",
    "received unexpected HTTP status: 503 Service Unavailable",
    "toomanyrequests: Rate exceeded",
)
# Nothing that time mends.
REFUSED = (
    "denied: User: arn:aws:iam::123456789012:user/x is not authorized to perform: ecr:InitiateLayerUpload",
    "tag invalid: The image tag 'a86989924225' already exists in the repository and cannot be overwritten because the "
    "tag is immutable.",
)


@pytest.fixture
def built(docker, tag):
    docker.images = {f"{name}:a86989924225": {"Id": IMAGE_ID} for name in ("dogbreed-train", "dogbreed-serve")}
    return docker


@pytest.fixture
def failing(built, troubled, monkeypatch):
    """`docker push` fails with each of these in turn, and then succeeds."""
    said = []
    real = built.run

    def run(command, text):
        if command[1] == "push" and said:
            built.calls.append(" ".join(command[1:]))
            return 1, "", f"some layer\n{said.pop(0)}\n"
        return real(command, text)

    monkeypatch.setattr(built, "run", run)
    return said


def count(docker, verb):
    return len([call for call in docker.calls if call.startswith(verb)])


@pytest.mark.parametrize("said", RUN_OUT)
def test_a_login_that_ran_out_in_the_middle_is_renewed_and_the_push_goes_on(
    aws, built, failing, troubled, said, capsys
):
    failing.append(said)
    assert push.main([]) == 0
    assert count(built, "login") == 2 and count(built, "push") == 3
    assert len(troubled.made("GetAuthorizationToken")) == 2
    shown = capsys.readouterr()
    assert said in shown.err and "logging in again" in shown.err and shown.out.count("pushed ") == 2


def test_a_login_that_is_refused_at_once_is_not_asked_for_for_ever(aws, built, failing, capsys):
    failing += [RUN_OUT[1]] * 9
    assert push.main([]) == 1
    assert count(built, "login") == 2 and count(built, "push") == 2
    said = one_sentence(capsys)
    assert "failed: unauthorized: authentication required." in said and "layers that arrived are not sent twice" in said


@pytest.mark.parametrize("said", PASSING)
def test_a_network_that_breaks_off_is_waited_for(aws, built, failing, said, capsys):
    failing += [said] * 3
    assert push.main([]) == 0
    assert count(built, "push") == 5 and count(built, "login") == 1
    assert capsys.readouterr().err.count("pushing again in") == 3


def test_a_network_that_stays_away_is_a_sentence(aws, built, failing, capsys):
    failing += [PASSING[0]] * 9
    assert push.main([]) == 1
    assert count(built, "push") == 5
    assert one_sentence(capsys).endswith("Run the same command again: layers that arrived are not sent twice.")


@pytest.mark.parametrize("said", REFUSED)
def test_what_the_registry_refuses_is_not_tried_again(aws, built, failing, said, capsys):
    failing += [said] * 9
    assert push.main([]) == 1
    assert count(built, "push") == 1 and count(built, "login") == 1
    assert said.rstrip(".") in one_sentence(capsys)


def test_credentials_that_ended_as_well_are_a_sentence_that_says_what_stays(aws, built, failing, troubled, capsys):
    failing.append(RUN_OUT[0])
    troubled.refuse("GetAuthorizationToken", "ExpiredTokenException", "The token has expired", after=1)
    assert push.main([]) == 1
    assert one_sentence(capsys) == (
        "error: AWS refused GetAuthorizationToken: The token has expired (ExpiredTokenException). Log in again, as "
        "with `aws sso login`. Run the same command again: layers that arrived are not sent twice."
    )


@pytest.mark.parametrize("operation", ["DescribeRepositories", "CreateRepository", "DescribeImages", "BatchGetImage"])
def test_throttling_and_cuts_of_ecr_are_outlived(aws, built, troubled, operation):
    troubled.refuse(operation, "ThrottlingException", "Rate exceeded", times=1)
    troubled.reset(operation, after=1, times=1)
    assert push.main([]) == 0


def test_what_docker_says_while_it_succeeds_is_shown(aws, built, monkeypatch, capsys):
    real = built.run

    def run(command, text):
        status, out, err = real(command, text)
        return status, out, "WARNING: a new version" if command[1] == "push" else err

    monkeypatch.setattr(built, "run", run)
    assert push.main([]) == 0
    assert "WARNING: a new version" in capsys.readouterr().err
