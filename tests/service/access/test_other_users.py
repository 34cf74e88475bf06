"""Another user of this machine, without credentials, in no group of the service's user: nothing is obeyed, nothing can
be read.
"""

import json
import os
from pathlib import Path

import pytest

from local_test.background import start
from tests.service.access.other_user import as_nobody

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


def test_another_users_requests_are_refused(local, ask, job_request):
    """With the keys that everybody knows from examples, and without any."""
    request = json.dumps(job_request("of-nobody")).encode()
    target = {"X-Amz-Target": "SageMaker.CreateTrainingJob", "Content-Type": "application/x-amz-json-1.1"}
    old = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/sagemaker/aws4_request, "
        "SignedHeaders=host, Signature=" + "0" * 64
    }
    local.put("secret", b"a secret")

    def attempts():
        return [
            ask("POST", "/", request, target)[0],
            ask("POST", "/", request, target | old)[0],
            ask("GET", f"/{local.address.bucket}/secret")[0],
            ask("PUT", f"/{local.address.bucket}/planted", b"x")[0],
            ask("POST", "/moto-api/reset")[0],
            ask("GET", "/moto-api/data.json")[0],
            ask("POST", "/endpoints/any/invocations", b"x")[0],
            ask("GET", "/local-sagemaker/status")[0],
            ask("POST", "/local-sagemaker/interrupt?job=x")[0],
        ]

    assert as_nobody(attempts) == [403] * 9
    assert local.client("sagemaker").list_training_jobs(NameContains="of-nobody")["TrainingJobSummaries"] == []
    assert local.read("secret") == b"a secret" and local.keys("planted") == []


def test_another_user_reads_nothing_of_the_state(local, ask, serve_image):
    local.client("sagemaker").create_model(
        ModelName="with-a-token",
        ExecutionRoleArn=local.address.role,
        PrimaryContainer={"Image": serve_image, "Environment": {"TOKEN": "secret"}},
    )
    local.put("private.jpg", b"my picture")
    local.client("ecr").create_repository(repositoryName="of-nobody-else")  # so that the journal has something
    folder = local.folder

    def readable():
        opened = []
        for path in [folder, *files]:
            try:
                os.listdir(path) if Path(path).is_dir() else Path(path).read_bytes()
                opened.append(str(path))
            except PermissionError:
                pass
        return opened

    files = sorted(folder.rglob("*"))
    assert {"identity.json", "service.json", "journal.jsonl", "service.log", "records", "s3", "spool"} <= {
        path.name for path in folder.iterdir()
    }
    assert as_nobody(readable) == []


def test_what_is_written_down_is_its_users_alone(local):
    """Also where somebody should open the folder: only what containers read, objects, is readable by others."""
    local.put("object", b"x")
    open_to_others = {
        path.relative_to(local.folder).parts[0]
        for path in local.folder.rglob("*")
        if path.is_file() and path.stat().st_mode & 0o077
    }
    assert open_to_others <= {"s3"}
    assert local.folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_another_user_prepared_is_refused(tmp_path):
    """Whoever owns the folder could replace what is in it."""
    folder = tmp_path / "prepared"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(PermissionError, match="belongs to another user"):
        start(folder, None)
    assert list(folder.iterdir()) == []
