"""A notebook that is opened where no SageMaker answers says what to do, and sends nothing."""

import os
import subprocess
import sys

import pytest

from tests.notebooks.execution import ENVIRONMENTS, ROOT

NOBODY = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
SOMEBODY = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
REGION = {"AWS_DEFAULT_REGION": "us-east-1"}


@pytest.mark.parametrize(
    "name, variables, reason",
    [
        *((name, REGION, "No AWS credentials were found.") for name in ENVIRONMENTS),
        ("train_and_deploy.ipynb", SOMEBODY, "there is no AWS_DEFAULT_REGION"),
        # Nothing listens on port 9 of this machine: the local SageMaker has ended.
        (
            "train_and_deploy.ipynb",
            {**SOMEBODY, **REGION, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            'Could not connect to the endpoint URL: "http://127.0.0.1:9/"',
        ),
    ],
)
def test_it_says_why_and_what_to_do(name, variables, reason, tmp_path):
    clean = {one: value for one, value in os.environ.items() if not one.startswith(("AWS_", "SAGEMAKER_"))}
    command = [sys.executable, "-m", "tests.notebooks.execution", "--output", tmp_path, name]
    done = subprocess.run(command, cwd=ROOT, env={**clean, **NOBODY, **variables}, capture_output=True, text=True)
    assert done.returncode == 1 and list(tmp_path.iterdir()) == []
    for part in ("No SageMaker answers here.", reason, "`make local-up`", "AWS_PROFILE"):
        assert part in done.stderr
