"""The demo from its data to its page, as `make demo` runs it: push, upload, train, deploy, predict, delete."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_test import background, service_address
from local_test.host.folder_lock import hold
from local_test.host.identity import identity_of, make_private, read_identity
from local_test.host.labels import find
from local_test.host.state import State
from tests.end_to_end.kept_layers import keep_layers, remove_images, take_kept_layers

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(engine):
    """Of `make demo`. Where it had no service yet, the layers of the last run are there, and no image stays."""
    folder = ROOT / "out/local"
    if read_identity(folder):
        yield folder
        return
    make_private(folder)
    with hold(folder):
        service = identity_of(folder).name
    take_kept_layers(engine, service)
    yield folder
    background.stop(folder)  # where the demo was ended from without
    keep_layers(engine, service)
    address = service_address.read(folder)
    remove_images(engine, service, address and address.registry_port)


def test_the_sample_model_names_the_sample_test_pictures(engine, folder):
    output = ROOT / "out/test-demo"
    service = read_identity(folder).name
    before = {container.id for container in find(engine, service=service)}
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
    assert {container.id for container in find(engine, service=service)} <= before
    assert [path for path in folder.rglob("*") if path.lstat().st_uid != os.getuid()] == []
