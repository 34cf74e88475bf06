"""The Python SDK 3's processors, as their makers ship them, against the local SageMaker."""

import json

from tests.service.sdk.in_shell import in_shell
from tests.service.sdk.test_processing import lay_out
from tests.service.sdk.v3.test_sdk_3 import HERE, PYTHON


def test_processors_run_scripts_and_programs_and_tell_how_they_end(local, train_image, tmp_path):
    lay_out(tmp_path)
    printed = in_shell(local, PYTHON, HERE / "processing.py", train_image, tmp_path)
    result = json.loads(printed.rpartition("RESULT ")[2])
    assert {host: json.loads(text) for host, text in result["script"].items()} == {
        "algo-1": ["hello", "--name", "a b", "1.csv", "3.csv"],
        "algo-2": ["hello", "--name", "a b", "2.csv"],
    }
    assert "processed by algo-1" in printed and "processed by algo-2" in printed
    assert json.loads(result["framework"]["algo-1"]) == ["hello", "--import", "1.csv", "2.csv", "3.csv"]
    assert "AlgorithmError: , exit code: 3" in result["failure"]
    assert result["found"] == ["Failed", "no such column\n"]
    cluster = local.client("sagemaker").describe_processing_job(ProcessingJobName=result["job"])["ProcessingResources"]
    assert cluster["ClusterConfig"]["SelectedInstanceType"] == "ml.m5.large"
    assert cluster["ClusterConfig"]["SelectedInstanceCount"] == 2
