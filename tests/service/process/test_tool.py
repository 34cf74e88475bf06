"""The installed tool: your own image, from an installation to its first job in five commands, in any folder."""

import os
import subprocess
import sys
import sysconfig
import uuid
import venv
from pathlib import Path

import pytest

from tests.project.documentation import blocks
from tests.service.program_image import program_image

ROOT = Path(__file__).parents[3]
TRAIN = """#!/bin/sh
echo "learning from $(cat /opt/ml/input/data/training/a.txt)"
echo learned > /opt/ml/model/model.txt
"""
# As in AWS's documentation of boto3: nothing in it is about this project.
JOB = """
import boto3, os, sys
s3, sagemaker = boto3.client("s3"), boto3.client("sagemaker")
bucket = os.environ["SAGEMAKER_BUCKET"]
s3.put_object(Bucket=bucket, Key="data/a.txt", Body=b"data")
sagemaker.create_training_job(
    TrainingJobName="first",
    AlgorithmSpecification={"TrainingImage": sys.argv[1], "TrainingInputMode": "File"},
    RoleArn=os.environ["SAGEMAKER_ROLE"],
    InputDataConfig=[{"ChannelName": "training", "DataSource": {"S3DataSource": {
        "S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/data/", "S3DataDistributionType": "FullyReplicated"}}}],
    OutputDataConfig={"S3OutputPath": f"s3://{bucket}/models"},
    ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    StoppingCondition={"MaxRuntimeInSeconds": 300},
)
sagemaker.get_waiter("training_job_completed_or_stopped").wait(
    TrainingJobName="first", WaiterConfig={"Delay": 1, "MaxAttempts": 120})
print(sagemaker.describe_training_job(TrainingJobName="first")["ModelArtifacts"]["S3ModelArtifacts"])
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """bin of a virtual environment that the repository was installed into. What it depends on is the tests' own: what
    is new there is what the wheel brings.
    """
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "install", "--quiet", "--no-index"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", str(ROOT)], check=True)
    assert (packages / "local_test/service.py").is_file() and not (packages / "local_test/demo").exists()
    return folder / "bin"


@pytest.fixture
def own_image(engine, tmp_path):
    base = subprocess.run([ROOT / "docker/debian_base.sh"], check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / "train").write_text(TRAIN)
    with program_image(engine, base, tmp_path / "train") as tag:
        yield tag


@pytest.fixture
def shell(installed, tmp_path):
    """shell(line, *arguments): in a shell of a user who has the tool on PATH, and is somewhere else."""
    here, home = tmp_path / "elsewhere", tmp_path / "home"
    here.mkdir()
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHON"))}
    environment |= {"HOME": str(home), "PATH": f"{installed}:{os.environ['PATH']}"}

    def run(line: str, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["sh", "-c", line, "sh", *arguments],
            cwd=here,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    yield run
    cleaned = run("local-sagemaker clean")
    assert cleaned.returncode == 0, cleaned.stderr


def said(done: subprocess.CompletedProcess) -> str:
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_users_own_image_trains_from_any_folder(shell, own_image, engine, tmp_path):
    assert "The local SageMaker is at http://127.0.0.1:" in said(shell("local-sagemaker up"))
    (tmp_path / "job.py").write_text(JOB)
    job = f'eval "$(local-sagemaker env)" && {sys.executable} {tmp_path}/job.py "$1"'
    in_ecr = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{own_image}"
    assert said(shell(job, in_ecr)).startswith("s3://sagemaker-us-east-1-123456789012/models/first/")
    assert said(shell("local-sagemaker logs first")) == "learning from data\n"
    assert str(tmp_path / "home/.local/state/local-sagemaker") in said(shell("local-sagemaker status"))
    assert not list((tmp_path / "elsewhere").iterdir())
    assert "has ended" in said(shell("local-sagemaker down"))
    assert "Start it: local-sagemaker up" in shell("local-sagemaker status").stdout


def test_the_commands_of_the_readme_run_as_they_stand(shell, engine, tmp_path):
    [block] = [one for one in blocks(ROOT / "README.md", "sh") if "pipx install" in one.text]
    here, mine = tmp_path / "elsewhere", f"local-sagemaker-test-mine:{uuid.uuid4().hex[:12]}"
    base = subprocess.run([ROOT / "docker/debian_base.sh"], check=True, capture_output=True, text=True).stdout.strip()
    (here / "train").write_text(TRAIN)
    (here / "train").chmod(0o755)
    (here / "Dockerfile").write_text(f"FROM {base}\nCOPY train /usr/local/bin/train\n")
    (here / "job.py").write_text(JOB.replace("sys.argv[1]", repr(mine)))
    # The fixture has installed the tool, and a name of the test's own leaves an image `mine` of the machine's alone.
    lines = block.text.replace("pipx install .", ":").replace(" -t mine ", f" -t {mine} ")
    try:
        assert said(shell(f"set -e\n{lines}")).splitlines()[-1].startswith("s3://sagemaker-us-east-1-123456789012/")
    finally:
        engine.images.remove(mine)


def test_a_pushed_image_is_found_by_its_name_in_ecr_and_clean_takes_it_away(shell, own_image, engine):
    printed = said(shell('local-sagemaker push "$1" --state state', own_image))
    assert printed == f"Pushed. Requests name it 123456789012.dkr.ecr.us-east-1.amazonaws.com/{own_image}\n"
    pushed = [tag for tag in engine.images.get(own_image).tags if tag != own_image]
    assert len(pushed) == 1 and pushed[0].startswith("127.0.0.1:")
    assert said(shell('local-sagemaker push "$1" --state state', own_image)) == printed  # nothing has changed
    cleaned = said(shell("local-sagemaker clean --state state"))
    assert f"removed {pushed[0]}" in cleaned and engine.images.get(own_image).tags == [own_image]


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ("local-sagemaker push never:v1", 1, "The engine has no image never:v1."),
        ("local-sagemaker push", 2, "name an image of the engine: local-sagemaker push IMAGE"),
        ("local-sagemaker logs never", 1, "no job and no endpoint never has printed anything"),
        ("local-sagemaker interrupt", 2, "local-sagemaker interrupt JOB"),
    ],
)
def test_what_is_not_there_is_a_sentence(shell, line, status, message):
    said(shell("local-sagemaker up"))
    refused = shell(line)
    assert refused.returncode == status and message in refused.stderr and "Traceback" not in refused.stderr


def test_the_wheel_brings_what_the_small_images_are_made_of(installed):
    script = (
        "from local_test.host import small_image\n"
        "from local_test.registry import registry\n"
        "from local_test.host.isolation import network_namespace\n"
        "from pathlib import Path\n"
        "assert 'site-packages' in small_image.__file__\n"
        "files = [small_image.BASE, small_image.PIN, Path(network_namespace.__file__).with_name('Dockerfile')]\n"
        "files += [Path(registry.__file__).with_name(one) for one in registry.INGREDIENTS]\n"
        "assert all(one.is_file() for one in files), files\n"
    )
    subprocess.run([installed / "python", "-P", "-c", script], check=True)
