"""make predict: each picture's classes, in the order of the pictures, and one that is refused does not keep the
others.
"""

import json
import threading

import pytest

from scripts import predict
from tests.scripts.sagemaker_stand_in import Refusal

BEAGLE = {"predictions": [{"label": "Beagle", "probability": 0.931}, {"label": "Boxer", "probability": 0.05}]}
BOXER = {"predictions": [{"label": "Boxer", "probability": 0.7}]}


@pytest.fixture
def endpoint(endpoint_in_service):
    endpoint_in_service.invoke = answer
    return endpoint_in_service


def answer(headers, body: bytes) -> dict:
    if body == b"broken":
        raise Refusal(
            "ModelError",
            "Received client error (400) from primary",
            424,
            OriginalStatusCode=400,
            OriginalMessage='{"error": "The body is no picture."}',
        )
    return BOXER if body.startswith(b"boxer") else BEAGLE


@pytest.fixture
def pictures(tmp_path):
    for name, content in {
        "a.jpg": b"\xff\xd8beagle",
        "b.png": b"boxer",
        "notes.txt": b"x",
        "deep/c.JPG": b"boxer",
    }.items():
        (tmp_path / "dogs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dogs" / name).write_bytes(content)
    return tmp_path / "dogs"


def test_one_picture_is_told_with_all_its_classes(endpoint, pictures, capsys):
    assert predict.main([str(pictures / "a.jpg")]) == 0
    assert capsys.readouterr().out == " 93.10%  Beagle\n  5.00%  Boxer\n"


def test_a_picture_below_the_endpoints_threshold_is_unknown_with_its_likeliest_class(endpoint, pictures, capsys):
    named = {"label": "Boxer", **BOXER}
    unknown = {"label": None, "predictions": [{"label": "Beagle", "probability": 0.31}, BOXER["predictions"][0]]}
    endpoint.invoke = lambda headers, body: named if body.startswith(b"boxer") else unknown
    assert predict.main([str(pictures / "a.jpg")]) == 0
    assert capsys.readouterr().out == " 31.00%  unknown (Beagle)\n 70.00%  Boxer\n"
    assert predict.main([str(pictures / "a.jpg"), str(pictures / "b.png")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f" 31.00%  unknown (Beagle)  {pictures}/a.jpg",
        f" 70.00%  Boxer  {pictures}/b.png",
    ]


def test_a_folder_is_a_line_for_each_picture_in_order(endpoint, pictures, capsys):
    assert predict.main([str(pictures)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f" 93.10%  Beagle  {pictures}/a.jpg",
        f" 70.00%  Boxer  {pictures}/b.png",
        f" 70.00%  Boxer  {pictures}/deep/c.JPG",
    ]


@pytest.mark.parametrize(
    "name, content_type",
    [
        ("a.jpg", "image/jpeg"),
        ("b.PNG", "image/png"),
        ("c.unknown", "application/octet-stream"),
        ("d", "application/octet-stream"),
    ],
)
def test_the_suffix_gives_the_content_type_and_the_bytes_arrive_whole(endpoint, tmp_path, name, content_type):
    sent = []
    endpoint.invoke = lambda headers, body: sent.append((headers["Content-Type"], body)) or BEAGLE
    (tmp_path / name).write_bytes(bytes(range(256)))
    assert predict.main([str(tmp_path / name)]) == 0
    assert sent == [(content_type, bytes(range(256)))]


def test_a_picture_that_the_model_refuses_is_a_sentence_and_the_others_go_on(endpoint, pictures, capsys):
    (pictures / "a.jpg").write_bytes(b"broken")
    assert predict.main([str(pictures)]) == 1
    shown = capsys.readouterr()
    assert f'error: {pictures}/a.jpg: the model answered 400: {{"error": "The body is no picture."}}' in shown.err
    assert "2 of 3 pictures classified" in shown.err
    assert len(shown.out.splitlines()) == 2


def test_json_has_every_prediction_and_every_error(endpoint, pictures, capsys):
    (pictures / "b.png").write_bytes(b"broken")
    assert predict.main(["--json", str(pictures)]) == 1
    first, second, third = json.loads(capsys.readouterr().out)
    assert first == {"picture": f"{pictures}/a.jpg", "answer": BEAGLE}
    assert "the model answered 400" in second["error"]
    assert third["answer"] == BOXER


def test_pictures_are_sent_at_the_same_time(endpoint, pictures):
    together = threading.Barrier(3)

    def invoke(headers, body):
        together.wait(timeout=10)
        return BEAGLE

    endpoint.invoke = invoke
    assert predict.main([str(pictures), "--parallel", "3"]) == 0


def test_what_a_users_own_output_function_says_is_shown_as_it_is(endpoint, pictures, capsys):
    endpoint.invoke = lambda headers, body: {"other": 1}
    assert predict.main([str(pictures / "a.jpg")]) == 0
    assert capsys.readouterr().out == '{"other": 1}\n'


def test_without_an_endpoint_the_next_step_is_named(endpoint, pictures, capsys):
    endpoint.answers["DescribeEndpoint"] = Refusal("ValidationException", 'Could not find endpoint "dogbreed".')
    assert predict.main([str(pictures)]) == 1
    assert "There is no endpoint dogbreed in eu-west-1. Run `make deploy`." in capsys.readouterr().err


def test_an_endpoint_that_is_not_ready_says_so(endpoint, pictures, capsys):
    endpoint.answers["DescribeEndpoint"] |= {"EndpointStatus": "Creating"}
    assert predict.main([str(pictures)]) == 1
    assert "dogbreed is Creating" in capsys.readouterr().err


def test_an_endpoint_that_is_being_updated_is_asked_all_the_same(endpoint, pictures):
    endpoint.answers["DescribeEndpoint"] |= {"EndpointStatus": "Updating"}
    assert predict.main([str(pictures)]) == 0


def test_a_picture_that_is_not_there_and_a_folder_without_pictures_are_sentences(aws, tmp_path, capsys):
    assert predict.main([str(tmp_path / "none.jpg")]) == 1
    assert "is not there" in capsys.readouterr().err
    assert predict.main([str(tmp_path)]) == 1
    assert "holds no pictures" in capsys.readouterr().err


def test_a_folder_has_what_phones_write_and_pictures_without_a_suffix(endpoint, tmp_path, capsys):
    for name, content in {
        "a.HEIC": b"x",
        "b.jfif": b"x",
        "c.avif": b"x",
        "d": b"\xff\xd8\xff\xe0",
        "LICENSE": b"MIT",
        "e.jp2": b"x",
    }.items():
        (tmp_path / name).write_bytes(content)
    assert predict.main([str(tmp_path)]) == 0
    assert [line.split("/")[-1] for line in capsys.readouterr().out.splitlines()] == ["a.HEIC", "b.jfif", "c.avif", "d"]


def test_a_folders_links_are_followed_and_its_hidden_folders_are_not_sent(endpoint, tmp_path, capsys):
    for name in ("elsewhere/a.jpg", "dogs/b.jpg", "dogs/.ipynb_checkpoints/b-checkpoint.jpg", "dogs/__MACOSX/b.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "dogs/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "dogs/back").symlink_to(tmp_path)
    assert predict.main([str(tmp_path / "dogs")]) == 0
    said = capsys.readouterr()
    assert [line.split("dogs/")[-1] for line in said.out.splitlines()] == ["b.jpg", "linked/a.jpg"]
    assert "2 files in hidden folders (.ipynb_checkpoints, __MACOSX)" in said.err


def test_a_folder_of_other_pictures_says_what_they_are(aws, tmp_path, capsys):
    for name in ("a.jp2", "b.JP2", "c.dng"):
        (tmp_path / name).write_bytes(b"x")
    assert predict.main([str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "holds no pictures in JPEG, " in said and "only 2 JPEG 2000 (.jp2) and 1 camera raw (.dng)." in said


def test_a_dry_run_names_the_requests_and_sends_none(endpoint, pictures, capsys):
    endpoint.invoke = None
    assert predict.main(["--dry-run", str(pictures / "a.jpg")]) == 0
    [call] = json.loads(capsys.readouterr().out)
    assert call["request"] == {
        "EndpointName": "dogbreed",
        "ContentType": "image/jpeg",
        "Accept": "application/json",
        "Body": f"{pictures}/a.jpg",
    }


def test_more_requests_at_once_than_there_are_connections_is_a_usage_error(pictures):
    with pytest.raises(SystemExit) as ended:
        predict.main([str(pictures), "--parallel", "65"])
    assert ended.value.code == 2


def test_credentials_that_expired_are_told_once_and_not_for_every_picture(endpoint, pictures, capsys):
    def expired(headers, body):
        raise Refusal("ExpiredTokenException", "The token has expired.", 403)

    endpoint.invoke = expired
    assert predict.main([str(pictures)]) == 1
    assert capsys.readouterr().err.count("Log in again") == 1


class TestAsync:
    """An async endpoint: the picture and its answer go through S3."""

    @pytest.fixture
    def runtime(self, endpoint, aws, bucket, monkeypatch):
        endpoint.answers["DescribeEndpoint"] |= {
            "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://some-bucket/out"}}
        }
        s3 = aws.client("s3")

        def invoke(headers, body):
            assert headers["X-Amzn-SageMaker-InputLocation"].startswith("s3://some-bucket/dogbreed/async/requests/")
            key = headers["X-Amzn-SageMaker-InputLocation"].removeprefix("s3://some-bucket/")
            content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            where = "failure" if content == b"broken" else "answer"
            s3.put_object(
                Bucket=bucket,
                Key=f"dogbreed/async/{where}s/1",
                Body=b"no picture" if content == b"broken" else json.dumps(BEAGLE).encode(),
            )
            return {"InferenceId": "1"}

        endpoint.asynchronous = invoke

    def test_the_answer_is_fetched_from_where_the_endpoint_puts_it(self, runtime, pictures, capsys):
        assert predict.main([str(pictures / "a.jpg")]) == 0
        assert " 93.10%  Beagle" in capsys.readouterr().out

    def test_a_failure_is_the_models_sentence(self, runtime, pictures, capsys):
        (pictures / "a.jpg").write_bytes(b"broken")
        assert predict.main([str(pictures / "a.jpg")]) == 1
        assert "the model refused: no picture" in capsys.readouterr().err
