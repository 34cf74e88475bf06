"""The demo from its data to its page, as `make demo` runs it: push, upload, train, deploy, predict, delete."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_test.host.engine import connect
from local_test.host.labels import find
from local_test.host.state import State

ROOT = Path(__file__).parents[2]


def test_the_sample_model_names_the_sample_test_pictures():
    output, folder = ROOT / "out/test-demo", ROOT / "out/local"
    before = {container.id for container in find(connect())}
    command = [sys.executable, "-m", "local_test.demo.__main__", "--output", str(output), "--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    summary = json.loads((output / "summary.json").read_text())
    assert summary["accuracy"] >= 0.9
    assert summary["n_test"] == len(summary["predictions"]) == len(list((ROOT / "out/data/sample/test").rglob("*.jpg")))
    right = [one for one in summary["predictions"] if one["label"] == one["predicted"]]
    assert summary["accuracy"] == pytest.approx(len(right) / summary["n_test"])
    # The endpoint says what the evaluation in training said: one preprocessing, one model.
    jobs = State(folder / "records").records("training-job").all()
    figures = {
        one["MetricName"]: one["Value"] for one in max(jobs, key=lambda job: job["CreationTime"])["FinalMetricDataList"]
    }
    assert figures["test_accuracy"] == pytest.approx(summary["accuracy"], abs=1.5 / summary["n_test"])
    assert (output / "page.html").read_text().count("<figure") == summary["n_test"]
    assert {container.id for container in find(connect())} <= before
    assert [path for path in folder.rglob("*") if path.lstat().st_uid != os.getuid()] == []
