"""make transform: a folder's pictures through a transform job, and every answer shown."""

import json

import pytest

from scripts import transform
from tests.scripts.sagemaker_stand_in import Refusal

BEAGLE = {"predictions": [{"label": "Beagle", "probability": 0.9}]}


@pytest.fixture
def ready(sagemaker, aws, bucket, pushed_images):
    """A transform job that answers every picture but those named `broken`."""
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="model.tar.gz", Body=b"x")

    def create(request):
        source = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"].removeprefix(f"s3://{bucket}/")
        output = request["TransformOutput"]["S3OutputPath"].removeprefix(f"s3://{bucket}/")
        for one in s3.list_objects_v2(Bucket=bucket, Prefix=source)["Contents"]:
            name = one["Key"].removeprefix(source)
            if "broken" not in name:
                s3.put_object(Bucket=bucket, Key=f"{output}/{name}.out", Body=json.dumps(BEAGLE).encode())
        return {"TransformJobArn": "arn"}

    sagemaker.answers |= {
        "CreateTransformJob": create,
        "DescribeTrainingJob": {
            "TrainingJobName": "dogbreed-train-a",
            "TrainingJobStatus": "Completed",
            "ModelArtifacts": {"S3ModelArtifacts": "s3://some-bucket/model.tar.gz"},
        },
        "ListTrainingJobs": {
            "TrainingJobSummaries": [
                {
                    "TrainingJobName": "dogbreed-train-a",
                    "TrainingJobArn": "arn",
                    "CreationTime": 1,
                    "TrainingJobStatus": "Completed",
                }
            ]
        },
        "DescribeTransformJob": lambda request: {
            "TransformJobName": request["TransformJobName"],
            "TransformJobStatus": "Completed",
        },
    }
    return sagemaker


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "deep/b.png", "notes.txt"):
        (tmp_path / "dogs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dogs" / name).write_bytes(b"x")
    return tmp_path / "dogs"


def test_a_job_that_is_refused_leaves_no_model(ready, folder, capsys):
    ready.answers["CreateTransformJob"] = Refusal("ResourceLimitExceeded", "The account-level service limit is 0.")
    assert transform.main([str(folder)]) == 1
    assert ready.made() == ["CreateModel", "CreateTransformJob", "DeleteModel"]
    assert "AWS refused CreateTransformJob" in capsys.readouterr().err


def test_a_folder_is_uploaded_and_every_picture_is_answered(ready, folder, capsys):
    assert transform.main([str(folder)]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [" 90.00%  Beagle  a.jpg", " 90.00%  Beagle  deep/b.png"]
    assert "2 of 2 pictures have their answer in s3://some-bucket/dogbreed/transform/dogbreed-transform-" in shown.err
    assert ready.made() == ["CreateModel", "CreateTransformJob"]


def test_pictures_in_s3_are_taken_from_there(ready, aws, bucket, capsys):
    aws.client("s3").put_object(Bucket=bucket, Key="elsewhere/c.jpg", Body=b"x")
    assert transform.main(["s3://some-bucket/elsewhere"]) == 0
    assert capsys.readouterr().out == " 90.00%  Beagle  c.jpg\n"
    source = ready.request("CreateTransformJob")["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    assert source == "s3://some-bucket/elsewhere/"


def test_a_picture_without_an_answer_is_named_although_the_job_is_completed(ready, folder, capsys):
    (folder / "broken.jpg").write_bytes(b"x")
    assert transform.main([str(folder)]) == 1
    shown = capsys.readouterr()
    assert "2 of 3 pictures" in shown.err and "No answer for broken.jpg" in shown.err
    assert len(shown.out.splitlines()) == 2


def test_a_job_that_failed_over_one_picture_shows_the_answers_to_the_others(ready, folder, capsys):
    (folder / "broken.jpg").write_bytes(b"x")
    ready.answers["DescribeTransformJob"] = lambda request: {
        "TransformJobName": request["TransformJobName"],
        "TransformJobStatus": "Failed",
        "FailureReason": "ClientError: 400",
    }
    assert transform.main([str(folder)]) == 1
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 2
    assert "is Failed: ClientError: 400" in shown.err and "No answer for broken.jpg" in shown.err


def test_a_failed_job_without_one_missing_answer_is_a_failure_all_the_same(ready, folder):
    ready.answers["DescribeTransformJob"] = lambda request: {
        "TransformJobName": request["TransformJobName"],
        "TransformJobStatus": "Failed",
    }
    assert transform.main([str(folder)]) == 1


def test_json_has_every_prediction_or_the_job_alone_where_nobody_waits(ready, folder, capsys):
    assert transform.main([str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0] == {"picture": "a.jpg", "answer": BEAGLE}
    assert transform.main([str(folder), "--json", "--no-wait"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "InProgress" and found["output"].endswith(f"/{found['job']}/output")


def test_a_failed_job_gives_its_reason(ready, folder, capsys):
    ready.answers["DescribeTransformJob"] = lambda request: {
        "TransformJobName": request["TransformJobName"],
        "TransformJobStatus": "Failed",
        "FailureReason": "ClientError: See job logs",
    }
    assert transform.main([str(folder)]) == 1
    assert "is Failed: ClientError: See job logs" in capsys.readouterr().err


def test_a_dry_run_prints_the_requests_and_uploads_nothing(ready, aws, bucket, folder, capsys):
    assert transform.main([str(folder), "--dry-run"]) == 0
    assert [call["operation"] for call in json.loads(capsys.readouterr().out)] == ["CreateModel", "CreateTransformJob"]
    assert ready.made() == []
    assert [one["Key"] for one in aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]] == ["model.tar.gz"]


def test_pictures_that_would_fail_the_job_and_folders_without_any_are_said_before_it_starts(ready, folder, capsys):
    with (folder / "huge.jpg").open("wb") as file:
        file.truncate(12 * 2**20 + 1)
    assert transform.main([str(folder)]) == 1
    assert "huge.jpg is larger than transform.max-payload-mb = 12" in capsys.readouterr().err
    for source, said in {"s3://some-bucket/nothing": "has no objects", "s3://": "is not an S3 URI"}.items():
        assert transform.main([source]) == 1
        assert said in capsys.readouterr().err
    assert ready.made() == []


def test_a_failed_job_shows_what_it_wrote_last(ready, folder, write_log, capsys):
    def describe(request):
        write_log("/aws/sagemaker/TransformJobs", f"{request['TransformJobName']}/i-1", "the model could not be loaded")
        return {
            "TransformJobName": request["TransformJobName"],
            "TransformJobStatus": "Failed",
            "FailureReason": "See the log",
        }

    ready.answers["DescribeTransformJob"] = describe
    assert transform.main([str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.index("the model could not be loaded") < said.index("is Failed: See the log")
