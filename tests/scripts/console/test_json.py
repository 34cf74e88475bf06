"""`--json`: the document of each program that has no other test of its own for it."""

import json
import re

import pytest

from scripts import delete, doctor, logs, new_project, push, report, status, stop, try_endpoint, upload
from scripts.try_page.server import PageServer
from tests.scripts.console.documented import fields
from tests.scripts.sagemaker_stand_in import Refusal

TARGETS = {"new_project": "new", "try_endpoint": "try"}
CONFIG = "dogbreed-20261122-185200-123"


@pytest.fixture
def of(capsys):
    """`of(status, "--words")` runs a program with --json and gives its document, whose fields are those of the docs."""

    def run(program, *words: str, ends: int = 0):
        assert program.main([*words, "--json"]) == ends
        found = json.loads(capsys.readouterr().out)
        if "--dry-run" not in words:
            name = program.__name__.removeprefix("scripts.")
            assert keys(found) - {"error"} <= fields(TARGETS.get(name, name))
        return found

    return run


def keys(found: dict) -> set[str]:
    """Of the document and of what is listed in it."""
    listed = [one for value in found.values() if isinstance(value, list) for one in value if isinstance(one, dict)]
    return {*found, *(key for one in listed for key in one)}


@pytest.fixture
def account(sagemaker, aws, bucket):
    """An endpoint in service, a job that runs and one that is Completed, an object and a repository."""

    def describe(request):
        if "DeleteEndpoint" in sagemaker.made():
            raise Refusal("ValidationException", "Could not find endpoint.")
        return {
            "EndpointName": "dogbreed",
            "EndpointStatus": "InService",
            "EndpointConfigName": CONFIG,
            "CreationTime": 100,
            "ProductionVariants": [{"VariantName": "AllTraffic", "CurrentInstanceCount": 1}],
        }

    jobs = {"dogbreed-train-b": "InProgress", "dogbreed-train-a": "Completed"}
    sagemaker.answers |= {
        "DescribeEndpoint": describe,
        "ListEndpointConfigs": {
            "EndpointConfigs": [{"EndpointConfigName": CONFIG, "EndpointConfigArn": "a" * 20, "CreationTime": 1}]
        },
        "ListModels": {"Models": []},
        "ListTrainingJobs": lambda request: {
            "TrainingJobSummaries": [
                {"TrainingJobName": name, "TrainingJobArn": "a", "CreationTime": 2, "TrainingJobStatus": state}
                for name, state in jobs.items()
                if request.get("StatusEquals") in (None, state)
            ]
        },
        "DescribeTrainingJob": lambda request: {
            "TrainingJobName": request["TrainingJobName"],
            "TrainingJobStatus": "Stopped",
            "OutputDataConfig": {"S3OutputPath": "s3://some-bucket/dogbreed/jobs"},
        },
    }
    aws.client("s3").put_object(Bucket=bucket, Key="dogbreed/data/train/A/x.jpg", Body=b"x" * 1000)
    aws.client("ecr").create_repository(repositoryName="dogbreed-train")
    return sagemaker


def test_push_names_each_image_with_its_address_and_digest(aws, docker, tag, of):
    docker.images = {f"dogbreed-{name}:a86989924225": {"Id": "sha256:" + "0" * 64} for name in ("train", "serve")}
    for is_new in (True, False):
        images = of(push)["images"]
        assert [one["repository"] for one in images] == ["dogbreed-train", "dogbreed-serve"]
        assert [one["pushed"] for one in images] == [is_new, is_new]
        for one in images:
            assert one["tag"] == "a86989924225" and one["uri"].endswith(f"/{one['repository']}:a86989924225")
            assert re.fullmatch("sha256:[0-9a-f]{64}", one["digest"])
    assert [call["operation"] for call in of(push, "--dry-run")] == []


def test_upload_counts_what_was_sent_and_what_stays(aws, bucket, tmp_path, of):
    for name in ("train/1.A/a.jpg", "train/2.B/b.jpg", "valid/1.A/c.jpg", "valid/2.B/d.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    first = {"data": "s3://some-bucket/dogbreed/data", "sent": 4, "sent_bytes": 60, "unchanged": 0}
    assert of(upload, str(tmp_path)) == {**first, "removed": 0, "kept": 0}
    (tmp_path / "train/1.A/a.jpg").rename(tmp_path / "train/1.A/e.jpg")
    again = of(upload, str(tmp_path))
    assert (again["sent"], again["unchanged"], again["removed"], again["kept"]) == (1, 3, 0, 1)
    assert of(upload, str(tmp_path), "--delete")["removed"] == 1


def test_status_lists_each_resource_with_what_it_costs(account, of):
    found = of(status)
    assert (found["prefix"], found["region"], found["unseen"]) == ("dogbreed", "eu-west-1", [])
    by_name = {one["name"]: one for one in found["resources"]}
    endpoint = by_name["dogbreed"]
    assert (endpoint["kind"], endpoint["state"], endpoint["created"]) == (
        "endpoint",
        "InService",
        "1970-01-01T00:01:40+00:00",
    )
    assert endpoint["costs"].startswith("by the hour") and by_name["dogbreed-train-a"]["costs"] == ""


def test_stop_names_the_job(account, of):
    assert of(stop) == {"job": "dogbreed-train-b", "status": "Stopping"}
    [call] = of(stop, "--dry-run")
    assert call["operation"] == "StopTrainingJob"


def test_delete_lists_what_is_gone_and_what_stays(account, of):
    found = of(delete, "--yes")
    assert [(one["operation"], one["name"]) for one in found["removed"]] == [
        ("StopTrainingJob", "dogbreed-train-b"),
        ("DeleteEndpoint", "dogbreed"),
        ("DeleteEndpointConfig", CONFIG),
    ]
    assert found["removed_objects"] == 0 and found["unseen"] == [] and "error" not in found
    assert any("dogbreed-train" in one for one in found["stays"]) and any("1 objects" in one for one in found["stays"])


def test_delete_without_a_yes_has_removed_nothing(account, of, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    found = of(delete, ends=1)
    assert found["removed"] == [] and "Nothing was removed" in found["error"]
    assert account.made() == []


def test_doctor_has_the_findings_of_its_table(aws, monkeypatch, of):
    monkeypatch.setenv("SAGEMAKER_ROLE", "")
    findings = of(doctor)["findings"]
    assert all(set(one) == {"level", "subject", "says", "next_step"} for one in findings)
    assert ("settings", "ok") in {(one["subject"], one["level"]) for one in findings}


def test_logs_are_a_document_for_each_line(account, write_log, capsys):
    write_log("/aws/sagemaker/TrainingJobs", "dogbreed-train-a/algo-1-17", 'says "so"\x1b[2J')
    write_log("/aws/sagemaker/TrainingJobs", "dogbreed-train-a/algo-2-17", "two")
    assert logs.main(["dogbreed-train-a", "--json"]) == 0
    shown = capsys.readouterr()
    first, second = (json.loads(line) for line in shown.out.splitlines())
    assert (first["name"], first["host"], first["message"]) == (
        "dogbreed-train-a",
        "algo-1-17",
        'says "so"\x1b[2J',
    )
    assert second["host"] == "algo-2-17" and re.fullmatch(r"20\d\d-.*T.*\+00:00", first["time"])
    assert "\x1b" not in shown.out and "--- dogbreed-train-a" in shown.err
    assert logs.main(["dogbreed-train-a", "--json", "--follow"]) == 0
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 2 and "Stopped" in shown.err


def test_a_log_that_is_not_there_is_a_line_with_the_error(account, capsys):
    assert logs.main(["dogbreed-train-z", "--json"]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert "has no log" in json.loads(line)["error"]


def test_report_without_one_says_so(account, of):
    assert "left no report" in of(report, "dogbreed-train-a", ends=1)["error"]


def test_new_names_the_folder(tmp_path, monkeypatch, of):
    monkeypatch.setattr(new_project, "CHECKOUT", tmp_path / "checkout")
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout/Makefile").write_text("verbs := push train\n")
    found = of(new_project, "cats")
    assert found["folder"] == str(tmp_path / "cats") and "sagemaker.toml" in found["files"]


def test_try_gives_the_address_while_it_serves(endpoint_in_service, monkeypatch, of):
    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(PageServer, "serve_forever", interrupted)
    found = of(try_endpoint)
    assert found["endpoint"] == "dogbreed" and found["address"].startswith("http://")
