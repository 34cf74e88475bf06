"""What AWS's example notebooks begin with, by the SDK and the command line as their makers ship them."""

import json
import os
import subprocess
from pathlib import Path

from local_test.environment import exports

ROOT = Path(__file__).parents[3]
SDK = ROOT / ".venv-sdk/bin"
NOTEBOOK = """
import json, sagemaker
session = sagemaker.Session()
print("RESULT", json.dumps([sagemaker.get_execution_role(), session.account_id(), session.default_bucket()]))
"""


def in_shell(local, *command) -> str:
    """Run a command in a shell that has evaluated `env --intercept`; returns what it prints."""
    script = "\n".join([*exports(local.address, local.folder, os.environ, "sh", True), 'exec "$@"'])
    done = subprocess.run(["sh", "-c", script, "sh", *map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout[-3000:]} {done.stderr[-3000:]}"
    return done.stdout


def test_the_sdk_finds_role_account_and_bucket(local):
    printed = in_shell(local, SDK / "python", "-c", NOTEBOOK)
    assert json.loads(printed.rpartition("RESULT ")[2]) == [local.address.role, "123456789012", local.address.bucket]


def test_the_command_line_without_any_endpoint_reads_and_writes(local, tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    bucket = f"s3://{local.address.bucket}/cli"
    aws = f"unset AWS_ENDPOINT_URL; {SDK}/aws"
    in_shell(local, "sh", "-c", f"{aws} s3 cp {tmp_path}/a.txt {bucket}/a.txt")
    assert "a.txt" in in_shell(local, "sh", "-c", f"{aws} s3 ls {bucket}/")
    identity = json.loads(in_shell(local, "sh", "-c", f"{aws} sts get-caller-identity --output json"))
    assert identity["Account"] == "123456789012" and ":assumed-role/" in identity["Arn"]
