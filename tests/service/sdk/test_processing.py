"""The SageMaker Python SDK's processors, as their makers ship them, against the local SageMaker."""

import json
from pathlib import Path

from tests.service.sdk.in_shell import ROOT, in_shell
from tests.service.sdk.test_unmodified_clients import SDK

PROCESS = """
import json, os, socket, sys
from pathlib import Path

if "--import" in sys.argv:
    import helper
    print(helper.X)
host, rows = socket.gethostname(), sorted(path.name for path in Path("/opt/ml/processing/input/rows").iterdir())
Path("/opt/ml/processing/out", host).write_text(json.dumps([os.environ["GREETING"], *sys.argv[1:], *rows]))
print("processed by", host)
"""


def lay_out(folder: Path) -> None:
    """A program of one's own, and its data."""
    (folder / "process.py").write_text(PROCESS)
    (folder / "helper.py").write_text("X = 'helped'\n")
    (folder / "rows").mkdir()
    for name in ("1.csv", "2.csv", "3.csv"):
        (folder / "rows" / name).write_text(name)


def test_processors_run_scripts_and_programs_and_tell_how_they_end(local, train_image, tmp_path):
    lay_out(tmp_path)
    printed = in_shell(local, SDK / "python", ROOT / "tests/service/sdk/processing.py", train_image, tmp_path)
    result = json.loads(printed.rpartition("RESULT ")[2])
    assert {host: json.loads(text) for host, text in result["script"].items()} == {
        "algo-1": ["hello", "--name", "a b", "1.csv", "3.csv"],
        "algo-2": ["hello", "--name", "a b", "2.csv"],
    }
    assert "processed by algo-1" in printed and "processed by algo-2" in printed
    assert result["found"][:2] == [result["job"], "/opt/ml/processing/input/rows"]
    assert result["found"][2].startswith(local.uri(f"{result['job']}/output/out"))
    assert json.loads(result["framework"]["algo-1"]) == ["hello", "--import", "1.csv", "2.csv", "3.csv"]
    assert "AlgorithmError: , exit code: 3" in result["failure"]
    assert result["message"] == "no such column\n" and result["stopped"] == "Stopped"
    job = local.client("sagemaker").describe_processing_job(ProcessingJobName=result["job"])
    assert local.client("sagemaker").list_tags(ResourceArn=job["ProcessingJobArn"])["Tags"] == [
        {"Key": "team", "Value": "data"}
    ]
