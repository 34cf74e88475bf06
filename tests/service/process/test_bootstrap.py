"""`bootstrap` and `delete --all` on the local SageMaker, as `make local-bootstrap` and `make local-delete` run them."""

import os
import subprocess
import sys

from local_test.background import stop
from local_test.environment import variables
from local_test.host.identity import access_key_of


def test_an_account_is_made_ready_once_survives_a_restart_and_is_taken_back(served):
    local = served()

    def run(program: str, *arguments: str) -> str:
        wanted = variables(local.address, access_key_of(local.folder), local.folder, os.environ)
        environment = {**os.environ, **wanted, "SAGEMAKER_BUCKET": "a-bucket-of-mine", "IMAGE_PREFIX": "dogbreed"}
        environment = {name: value for name, value in environment.items() if value is not None}
        done = subprocess.run(
            [sys.executable, "-m", program, *arguments], capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0, done
        return done.stdout

    shown = run("scripts.bootstrap", "--yes", "--email", "me@example.com")
    for subject in (
        "role dogbreed-sagemaker",
        "repository dogbreed-train",
        "bucket a-bucket-of-mine",
        "budget dogbreed",
    ):
        assert f"+ {subject}" in shown, shown
    assert 'SAGEMAKER_ROLE names another role; unset it, with role = "dogbreed-sagemaker"' in shown
    s3 = local.client("s3")
    s3.put_object(Bucket="a-bucket-of-mine", Key="dogbreed/data/x", Body=b"x")  # its policy wants TLS, of AWS
    stop(local.folder)
    local = served()
    shown = run("scripts.bootstrap")
    assert "\n+ " not in shown and not shown.startswith("+ "), shown
    run("scripts.delete", "--all", "--yes")
    assert [one["Name"] for one in local.client("s3").list_buckets()["Buckets"]] == [local.address.bucket]
    assert "dogbreed-sagemaker" not in [one["RoleName"] for one in local.client("iam").list_roles()["Roles"]]
    assert local.client("ecr").describe_repositories()["repositories"] == []
