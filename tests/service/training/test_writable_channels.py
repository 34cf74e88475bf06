"""Channels in File mode are the container's own, as a download is; what is mounted on the platform is read-only."""

from pathlib import Path

import pytest

from local_test.background import stop
from local_test.clean import remove_all
from local_test.host.labels import TRAINING, filters
from tests.local_service import Local
from tests.service.training.conftest import Jobs

WRITES = """
cd /opt/ml/input/data/train
echo more >> sub/a.txt && chmod 700 sub/a.txt && mv sub/b.txt c.txt && rm -r gone && mkdir new && echo 1 > new/file
cat sub/a.txt; find . -type f | sort
"""
WRITTEN = ["a", "more", "./c.txt", "./new/file", "./sub/a.txt"]
OBJECTS = {"sub/a.txt": b"a\n", "sub/b.txt": b"b\n", "gone/d.txt": b"d\n"}


def put(local, prefix: str) -> dict:
    """Put the objects; returns the channel's S3DataSource."""
    for name, content in OBJECTS.items():
        local.put(f"{prefix}/{name}", content)
    return {"S3Uri": local.uri(f"{prefix}/")}


def volumes(engine, local) -> list:
    return engine.volumes.list(filters=filters(TRAINING, local.address.name))


def test_a_program_writes_to_its_channel_and_the_objects_stay_as_they_are(jobs, local, engine):
    source = put(local, "writable")
    for _ in range(2):
        job = jobs.run(WRITES, channels={"train": source})
        assert jobs.log(job["TrainingJobName"]).splitlines() == WRITTEN, job
    assert {name: local.read(f"writable/{name}") for name in OBJECTS} == OBJECTS
    assert volumes(engine, local) == []


def test_each_host_has_a_channel_of_its_own(jobs, local):
    source = put(local, "writable-twice")
    job = jobs.run(WRITES, instances=2, channels={"train": source})
    assert sorted(jobs.log(job["TrainingJobName"]).splitlines()) == sorted(2 * WRITTEN), job


def test_a_writable_channel_beside_a_pipe(jobs, local):
    source = put(local, "writable-and-piped")
    piped = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", **source}}, "InputMode": "Pipe"}
    job = jobs.run(WRITES + "wc -c < ../piped_0", channels={"train": source, "piped": piped})
    assert jobs.log(job["TrainingJobName"]).splitlines() == [*WRITTEN, "6"], job


def test_nothing_of_a_job_that_was_stopped_stays(jobs, local, engine):
    name = jobs.start(
        "echo ready; trap exit TERM; while :; do sleep 0.1; done", channels={"train": put(local, "stopped")}
    )
    jobs.until_printed(name, "ready")
    assert volumes(engine, local)
    jobs.api.stop_training_job(TrainingJobName=name)
    jobs.ended(name)
    assert volumes(engine, local) == []


@pytest.mark.parametrize("kind", ["FastFile", "file://", "file:// of a manifest"])
def test_what_is_mounted_is_read_only(jobs, local, tmp_path, kind):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.txt").write_text("a")
    source = put(local, "mounted") if kind == "FastFile" else {"S3Uri": (tmp_path / "mine").as_uri()}
    if "manifest" in kind:
        (tmp_path / "manifest").write_text(f'[{{"prefix": "{(tmp_path / "mine").as_uri()}/"}}, "a.txt"]')
        source = {"S3Uri": (tmp_path / "manifest").as_uri(), "S3DataType": "ManifestFile"}
    channel = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", **source}}}
    if kind == "FastFile":
        channel["InputMode"] = "FastFile"
    script = "cd /opt/ml/input/data/train && ! echo x >> $(find . -type f | head -1) && ! touch new"
    job = jobs.run(script, channels={"train": channel})
    assert job["TrainingJobStatus"] == "Completed", job


def test_where_the_engine_cannot_mount_an_overlay_the_files_are_copied_and_the_log_says_so(
    train_image, engine, tmp_path
):
    """A comma in the path of the service's folder is such a case on every engine."""
    local = Local(tmp_path / "state, of mine")
    try:
        jobs = Jobs(local, train_image, Path(tmp_path))
        source = put(local, "copied")
        piped = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", **source}}, "InputMode": "Pipe"}
        for channels in ({"train": source}, {"train": source, "piped": piped}):
            job = jobs.run(WRITES, channels=channels)
            log = jobs.log(job["TrainingJobName"]).splitlines()
            assert [line for line in log if "Docker engine cannot mount overlays" in line], job
            assert [line for line in log if "Docker engine" not in line] == WRITTEN, job
        assert {name: local.read(f"copied/{name}") for name in OBJECTS} == OBJECTS
        assert volumes(engine, local) == []
    finally:
        stop(local.folder)
        remove_all(engine, local.address.name)
