"""The train image as it is started by hand: /opt/ml mounted as a whole, and users that are only a number."""

import json
import os
import shutil

from local_test.host.confinement import CONFINEMENT
from local_test.host.labels import labels
from tests.images.conftest import TINY


def test_a_folder_mounted_over_the_whole_of_opt_ml_trains_our_program(engine, train_image, sample, tmp_path):
    """As AWS's train_local.sh does it: `docker run -v $(pwd)/test_dir:/opt/ml IMAGE train`, without a host name."""
    config = tmp_path / "input/config"
    config.mkdir(parents=True)
    for name in ("model", "output"):
        (tmp_path / name).mkdir()
    for split in ("train", "valid"):
        shutil.copytree(sample / split, tmp_path / "input/data" / split)
    (config / "hyperparameters.json").write_text(json.dumps(TINY))
    (config / "inputdataconfig.json").write_text(json.dumps({"train": {}, "valid": {}}))
    (config / "resourceconfig.json").write_text(json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]}))
    log = engine.containers.run(
        train_image,
        "train",
        volumes={str(tmp_path): {"bind": "/opt/ml"}},
        user=f"{os.getuid()}:{os.getgid()}",
        remove=True,
        stderr=True,
        labels=labels("tests", "mounted"),
        **CONFINEMENT,
    ).decode()
    assert "warning: this host's name algo-1 in resourceconfig.json does not resolve" in log and "epoch=1 " in log
    assert (tmp_path / "model/model.safetensors").stat().st_size > 0
    assert [path for path in tmp_path.rglob("*") if path.stat().st_uid != os.getuid()] == []


def test_any_numeric_user_trains_in_folders_that_are_its_own(run, sample):
    """With debugger, profiler and report, as jobs run by default."""
    pictures = {
        f"/opt/ml/input/data/{path.relative_to(sample)}": path.read_bytes() for path in sorted(sample.rglob("*.jpg"))
    }
    asked = {name: value for name, value in TINY.items() if name not in ("debugger", "profiler")}
    status, container = run(pictures, asked, channels=["train", "valid", "test"], owner=1000, user="1000:1000")
    assert status == 0 and "epoch=1 " in container.log and "warning" not in container.log, container.log
    assert container.read("/opt/ml/output/success") == "" and container.read(
        "/opt/ml/output/data/report.html"
    ).startswith("<!doctype html>")
