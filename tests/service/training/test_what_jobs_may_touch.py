"""What a hostile data set, and a hostile container, may touch on this machine: nothing outside the folders of its
job.
"""

import json

import pytest
from botocore.exceptions import ClientError

ODD = {"..%2fhome%2f.bashrc": "theirs", "a#1": "one", "a#2": "two", "sub/b?c": "three"}
WRITE = (
    "cd %s && mkdir sub && printf theirs > '..%%2fhome%%2f.bashrc' && printf one > 'a#1' && printf two > 'a#2' "
    "&& printf three > 'sub/b?c'"
)


def texts(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def bashrc(tmp_path):
    """A file beside the output folder, where `..%2fhome%2f.bashrc` would lead."""
    path = tmp_path / "home/.bashrc"
    path.parent.mkdir()
    path.write_text("mine")
    yield path
    assert path.read_text() == "mine"


def test_checkpoints_of_any_name_stay_in_their_folder_and_come_back(jobs, tmp_path, bashrc):
    folder = tmp_path / "kept#1 ü"
    config = {"S3Uri": folder.as_uri()}
    job = jobs.run(WRITE % "/opt/ml/checkpoints", CheckpointConfig=config)
    assert job["TrainingJobStatus"] == "Completed", job
    assert texts(folder) == ODD
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o644}
    again = jobs.run(
        "cd /opt/ml/checkpoints; for f in ..%* a* sub/*; do echo $f $(cat $f); done", CheckpointConfig=config
    )
    assert jobs.log(again["TrainingJobName"]).splitlines() == [f"{name} {text}" for name, text in ODD.items()]


def test_uncompressed_results_of_any_name_stay_in_their_folder(jobs, tmp_path, bashrc):
    output = {"S3OutputPath": (tmp_path / "out#1").as_uri(), "CompressionType": "NONE"}
    job = jobs.run(WRITE % "/opt/ml/model", OutputDataConfig=output)
    assert job["TrainingJobStatus"] == "Completed", job
    assert texts(tmp_path / "out#1" / job["TrainingJobName"] / "output/model") == ODD


def test_checkpoints_and_results_of_any_name_are_keys_of_that_name(jobs, local):
    output = {"S3OutputPath": local.uri("odd"), "CompressionType": "NONE"}
    script = f"({WRITE % '/opt/ml/model'}) && {WRITE % '/opt/ml/checkpoints'}"
    job = jobs.run(script, OutputDataConfig=output, CheckpointConfig={"S3Uri": local.uri("odd-kept")})
    for prefix in (f"odd/{job['TrainingJobName']}/output/model/", "odd-kept/"):
        assert {key.removeprefix(prefix): local.read(key).decode() for key in local.keys(prefix)} == ODD


def test_a_checkpoint_that_a_link_of_the_folder_would_lead_out_is_refused_by_its_name(jobs, tmp_path, bashrc):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/out").symlink_to(
        bashrc.parent
    )  # to a folder: a link that is restored is none, so the program makes one
    job = jobs.run(
        "mkdir /opt/ml/checkpoints/out; echo theirs > /opt/ml/checkpoints/out/.bashrc",
        CheckpointConfig={"S3Uri": (tmp_path / "kept").as_uri()},
    )
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        "ClientError: /opt/ml/checkpoints has a file that cannot be stored: 'out/.bashrc' would lie outside"
    )


@pytest.mark.parametrize(
    ("prefix", "name", "message"),
    [
        ("file:///etc/", "hostname", "can only name objects in S3"),
        ("s3", "/etc/cron.d/planted", "begins with a slash"),
        ("s3", "../planted", r"it has the part '\.\.'"),
    ],
)
def test_a_manifest_in_s3_neither_reads_nor_writes_this_machine(jobs, local, prefix, name, message):
    local.put("hostile//etc/cron.d/planted", b"x")
    manifest = [{"prefix": local.uri("hostile/") if prefix == "s3" else prefix}, name]
    uri = local.put("manifests/hostile", json.dumps(manifest).encode())
    with pytest.raises(ClientError, match=message) as caught:
        jobs.start("true", channels={"train": {"S3DataType": "ManifestFile", "S3Uri": uri}})
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_keys_that_lead_out_of_the_channel_are_refused(jobs, local):
    local.put("up/../../planted", b"x")
    with pytest.raises(ClientError, match="cannot be the name of a file"):
        jobs.start("true", channels={"train": {"S3Uri": local.uri("up")}})


@pytest.mark.parametrize("distribution", ["FullyReplicated", "ShardedByS3Key"])
def test_a_channel_outside_the_folders_of_the_service_is_refused_and_the_option_named(jobs, distribution):
    with pytest.raises(
        ClientError,
        match=r"file:///etc is outside the folders that the local SageMaker was started for .*--allow-files /etc",
    ):
        jobs.start("true", channels={"train": {"S3Uri": "file:///etc", "S3DataDistributionType": distribution}})


@pytest.mark.parametrize(
    "field", ["OutputDataConfig", "CheckpointConfig", "DebugHookConfig", "TensorBoardOutputConfig"]
)
def test_an_output_outside_the_folders_of_the_service_is_refused(jobs, field):
    key = "S3Uri" if field == "CheckpointConfig" else "S3OutputPath"
    with pytest.raises(
        ClientError, match=r"file:///etc/x is outside the folders|file:///etc/x/.* is outside the folders"
    ):
        jobs.start("true", **{field: {key: "file:///etc/x"}})


@pytest.mark.parametrize("place", ["", "s3"])
def test_the_folder_of_the_service_is_no_channel_and_no_output(jobs, local, place):
    uri = (local.folder / place).as_uri()
    for more in ({"channels": {"train": {"S3Uri": uri}}}, {"OutputDataConfig": {"S3OutputPath": uri}}):
        with pytest.raises(ClientError, match="in the local SageMaker's own folder"):
            jobs.start("true", **more)
    with pytest.raises(ClientError, match="holds the local SageMaker's own folder"):
        jobs.start("true", channels={"train": {"S3Uri": local.folder.parent.as_uri()}})


def test_a_link_in_a_channel_leads_into_the_container_or_is_refused_by_name(jobs, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/link").symlink_to("/etc/hostname")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "data/other").symlink_to(tmp_path / "secret")
    source = {"S3Uri": (tmp_path / "data").as_uri()}
    name = jobs.run("cd /opt/ml/input/data/train; cat link; cat other || echo none", channels={"train": source})[
        "TrainingJobName"
    ]
    printed = jobs.log(name).splitlines()
    assert {"algo-1", "none"} <= set(printed) and "secret" not in printed  # stdout and stderr come in any order
    with pytest.raises(ClientError, match="data/link leads to /etc/hostname, which is outside"):
        jobs.start("true", channels={"train": {**source, "S3DataDistributionType": "ShardedByS3Key"}})


@pytest.mark.parametrize("mode", ["File", "Pipe"])
def test_a_program_of_any_user_reads_the_channels(jobs, local, mode):
    local.put("readable/sub/a.txt", b"read\n")
    file = "train/sub/a.txt" if mode == "File" else "train_0"
    script = f"python -c \"import os; os.setuid(65534); print(open('/opt/ml/input/data/{file}').read())\""
    job = jobs.run(
        script,
        channels={
            "train": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": local.uri("readable/")}},
                "InputMode": mode,
            }
        },
    )
    assert jobs.log(job["TrainingJobName"]).split() == ["read"], job


def test_a_pipe_in_the_model_fails_the_job_by_its_name(jobs):
    job = jobs.run("mkfifo /opt/ml/model/odd")
    assert (
        job["TrainingJobStatus"] == "Failed"
        and "/opt/ml/model/odd is neither a file nor a folder" in job["FailureReason"]
    )
