"""What AWS's example notebooks begin with, by the SDKs and the command line as their makers ship them."""

import json

import pytest

from tests.service.sdk.in_shell import ROOT, in_shell

AWS = ROOT / ".venv-sdk/bin/aws"
NOTEBOOK = """
import json
{imports}
session = Session()
print("RESULT", json.dumps([get_execution_role(), session.account_id(), session.default_bucket()]))
"""


@pytest.mark.parametrize(
    ("environment", "module"), [(".venv-sdk", "sagemaker"), (".venv-sdk3", "sagemaker.core.helper.session_helper")]
)
def test_an_sdk_finds_role_account_and_bucket(local, environment, module):
    program = NOTEBOOK.format(imports=f"from {module} import Session, get_execution_role")
    printed = in_shell(local, ROOT / environment / "bin/python", "-c", program, intercept=True)
    assert json.loads(printed.rpartition("RESULT ")[2]) == [local.address.role, "123456789012", local.address.bucket]


def test_the_command_line_without_any_endpoint_reads_and_writes(local, tmp_path):
    def aws(*words) -> str:
        return in_shell(local, "sh", "-c", 'unset AWS_ENDPOINT_URL; exec "$@"', "sh", AWS, *words, intercept=True)

    (tmp_path / "a.txt").write_text("hello")
    aws("s3", "cp", tmp_path / "a.txt", f"s3://{local.address.bucket}/cli/a.txt")
    assert "a.txt" in aws("s3", "ls", f"s3://{local.address.bucket}/cli/")
    identity = json.loads(aws("sts", "get-caller-identity", "--output", "json"))
    assert identity["Account"] == "123456789012" and ":assumed-role/" in identity["Arn"]
