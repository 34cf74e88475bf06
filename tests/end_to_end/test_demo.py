"""The demo from its data to its page, as `make demo` runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local_test.engine import connect
from local_test.labels import find
from tests.built_images import built_image

ROOT = Path(__file__).parents[2]


def test_the_sample_model_names_the_sample_test_pictures():
    output = ROOT / "out/test-demo"
    command = [sys.executable, "-m", "local_test.demo", "--output", str(output)]
    command += ["--train-image", built_image("train"), "--serve-image", built_image("serve")]
    before = {container.id for container in find(connect())}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    summary = json.loads((output / "summary.json").read_text())
    assert summary["accuracy"] >= 0.9
    assert summary["n_test"] == len(summary["predictions"]) == len(list((ROOT / "out/data/sample/test").rglob("*.jpg")))
    right = [one for one in summary["predictions"] if one["label"] == one["predicted"]]
    assert summary["accuracy"] == pytest.approx(len(right) / summary["n_test"])
    # The endpoint says what the evaluation in training said: one preprocessing, one model.
    assert summary["evaluation_in_training"] == pytest.approx(summary["accuracy"], abs=1.5 / summary["n_test"])
    assert summary["train_seconds"] > 0 and summary["serve_ready_seconds"] > 0
    assert (output / "page.html").read_text().count("<figure") == summary["n_test"]
    assert {container.id for container in find(connect())} <= before
