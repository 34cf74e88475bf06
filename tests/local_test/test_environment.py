"""`python -m local_test env`: a shell that has evaluated it reaches the local SageMaker and nothing else."""

import subprocess
from pathlib import Path

import pytest

from local_test.environment import exports
from local_test.host.identity import identity_of
from local_test.service_address import Address

ADDRESS = Address(
    "http://127.0.0.1:4567", "local-sagemaker-x", 1, "us-east-1", "bucket", "arn:aws:iam::123456789012:role/r"
)
REAL = {
    "AWS_PROFILE": "work",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL_S3": "https://elsewhere",
    "AWS_ENDPOINT_URL_SAGEMAKER": "https://elsewhere",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "NO_PROXY": "internal",
    "PATH": "/usr/bin:/bin",
}


@pytest.fixture
def evaluated(tmp_path):
    """evaluated(present): the environment of a shell that has evaluated the lines. Its `identity` is that of the
    folder.
    """
    identity = identity_of(tmp_path)

    def evaluate(present):
        script = "\n".join([*exports(ADDRESS, tmp_path, present), "env"])
        lines = subprocess.run(
            ["sh", "-c", script], env=present, check=True, capture_output=True, text=True
        ).stdout.splitlines()
        return dict(line.split("=", 1) for line in lines)

    evaluate.identity = identity
    return evaluate


def test_no_real_credential_or_address_is_left(evaluated):
    environment = evaluated(REAL)
    assert environment["AWS_ENDPOINT_URL"] == ADDRESS.url
    key = evaluated.identity.access_key
    assert (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]) == (key.id, key.secret)
    for gone in (
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL_SAGEMAKER",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    ):
        assert gone not in environment
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_a_folder_without_a_service_has_no_keys_to_export():
    with pytest.raises(FileNotFoundError, match="python -m local_test up --folder"):
        exports(ADDRESS, Path("/nowhere"), REAL)


def test_a_proxy_is_passed_by_and_other_exceptions_stay(evaluated):
    assert evaluated(REAL)["NO_PROXY"] == "internal,127.0.0.1"
    assert evaluated(REAL | {"NO_PROXY": "127.0.0.1"})["NO_PROXY"] == "127.0.0.1"


def test_scripts_find_role_bucket_and_region(evaluated):
    environment = evaluated(REAL)
    assert (environment["SAGEMAKER_ROLE"], environment["SAGEMAKER_BUCKET"]) == (ADDRESS.role, ADDRESS.bucket)
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "us-east-1"
    assert environment["SAGEMAKER_VALIDATE_ROLE"] == "false"
    assert environment["SAGEMAKER_COSTS_SAY"] == "false"  # nothing here costs money
