"""`python -m local_test env`: a shell that has evaluated it reaches the local SageMaker and nothing else."""

import subprocess
from pathlib import Path

from local_test.environment import exports
from local_test.service_address import Address

ADDRESS = Address("http://127.0.0.1:4567", "local-sagemaker-x", 1, "us-east-1", "bucket", "arn:aws:iam::123456789012:role/r")
REAL = {
    "AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real", "AWS_SESSION_TOKEN": "real",
    "AWS_ENDPOINT_URL_S3": "https://elsewhere", "AWS_ENDPOINT_URL_SAGEMAKER": "https://elsewhere", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "NO_PROXY": "internal", "PATH": "/usr/bin:/bin",
}


def evaluated(present):
    script = "\n".join([*exports(ADDRESS, Path("out/local"), present), "env"])
    lines = subprocess.run(["sh", "-c", script], env=present, check=True, capture_output=True, text=True).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_no_real_credential_or_address_is_left():
    environment = evaluated(REAL)
    assert environment["AWS_ENDPOINT_URL"] == ADDRESS.url
    assert environment["AWS_ACCESS_KEY_ID"] == environment["AWS_SECRET_ACCESS_KEY"] == "local"
    for gone in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SAGEMAKER", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        assert gone not in environment
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_a_proxy_is_passed_by_and_other_exceptions_stay():
    assert evaluated(REAL)["NO_PROXY"] == "internal,127.0.0.1"
    assert evaluated(REAL | {"NO_PROXY": "127.0.0.1"})["NO_PROXY"] == "127.0.0.1"


def test_scripts_find_role_bucket_and_region():
    environment = evaluated(REAL)
    assert (environment["SAGEMAKER_ROLE"], environment["SAGEMAKER_BUCKET"]) == (ADDRESS.role, ADDRESS.bucket)
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "us-east-1"
