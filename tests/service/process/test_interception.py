"""`env --intercept`: programs that name AWS's own addresses, or none at all, are answered here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_test.environment import exports
from local_test.interception.settings import read_settings
from tests.local_service import Local

# A program that knows nothing of any endpoint, as it stands in AWS's documentation.
PROGRAM = """
import boto3, io, json, os, urllib.error, urllib.request
from botocore.exceptions import ClientError

session = boto3.Session()
bucket, s3 = os.environ["SAGEMAKER_BUCKET"], session.client("s3")
s3.upload_fileobj(io.BytesIO(b"x" * 20_000_000), bucket, "intercepted/large")  # in parts
s3.put_object(Bucket=bucket, Key="intercepted/a b+c", Body=b"y" * 9_000_000)  # larger than any other request may be
url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "intercepted/a b+c"})

def refused(call):
    try:
        call()
    except ClientError as error:
        return [error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Message"]]

def status(url):
    try:
        return urllib.request.urlopen(url, timeout=20).status
    except urllib.error.HTTPError as error:
        return error.code

print(json.dumps({
    "identity": session.client("sts", endpoint_url="https://sts.us-east-1.amazonaws.com").get_caller_identity()["Arn"],
    "hosts": [s3.meta.endpoint_url, url.partition("/intercepted")[0]],
    "sizes": [one["Size"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="intercepted/")["Contents"]],
    "presigned": status(url),
    "jobs": session.client("sagemaker").list_training_jobs(NameContains="not-there")["TrainingJobSummaries"],
    "not here": refused(session.client("ec2").describe_instances),
    "unsigned": status("https://sagemaker-sample-files.s3.amazonaws.com/a.csv"),
    "other keys": refused(boto3.Session("AKIAOTHER", "x").client("sts").get_caller_identity),
}))
"""


def in_shell(local: Local, *command, intercept: bool = True, **changes) -> str:
    present = os.environ | changes
    script = "\n".join([*exports(local.address, local.folder, present, "sh", intercept), 'exec "$@"'])
    done = subprocess.run(["sh", "-c", script, "sh", *map(str, command)], env=present, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def program(tmp_path) -> Path:
    path = tmp_path / "program.py"
    path.write_text("import os\nos.environ.pop('AWS_ENDPOINT_URL', None)\n" + PROGRAM)
    return path


def test_a_client_without_any_endpoint_is_answered_here_and_nothing_of_it_leaves(local, program):
    said = json.loads(in_shell(local, sys.executable, program))
    bucket = local.address.bucket
    assert said.pop("not here")[0] == 400 and said.pop("other keys")[0] == 403
    assert said == {
        "identity": "arn:aws:sts::123456789012:assumed-role/local-sagemaker/SageMaker",
        "hosts": ["https://s3.amazonaws.com", f"https://{bucket}.s3.amazonaws.com"],
        "sizes": [9_000_000, 20_000_000],
        "presigned": 200,
        "jobs": [],
        "unsigned": 403,
    }
    assert local.read("intercepted/a b+c") == b"y" * 9_000_000


def test_a_shell_goes_on_after_a_restart_and_env_alone_takes_it_back(served):
    local = served()
    print_arn = "import boto3; print(boto3.client('sts', endpoint_url='https://sts.amazonaws.com').get_caller_identity()['Arn'])"
    exported = exports(local.address, local.folder, os.environ, "sh", True)
    before = read_settings(local.folder)
    served()  # it runs still
    subprocess.run([sys.executable, "-m", "local_test", "down", "--folder", local.folder], check=True)
    served()
    assert read_settings(local.folder) == before
    script = "\n".join([*exported, 'exec "$@"'])
    arguments = ["sh", "-c", script, "sh", sys.executable, "-c", print_arn]
    assert "assumed-role" in subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    undone = "\n".join([*exported, f'eval "$({sys.executable} -m local_test env --folder {local.folder})"', "env"])
    present = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
    shell = subprocess.run(["sh", "-c", undone], env=present, check=True, capture_output=True, text=True).stdout
    assert "HTTPS_PROXY" not in shell and "ca-bundle.pem" not in shell and "LOCAL_SAGEMAKER_BEFORE" not in shell


def test_its_files_are_its_user_s_alone(served):
    local = served()
    exports(local.address, local.folder, os.environ, "sh", True)
    for name in ("interception.json", "interception_ca.pem", "ca-bundle.pem"):
        assert (local.folder / name).stat().st_mode & 0o077 == 0
