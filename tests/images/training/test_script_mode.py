"""A user's own program in the train image, as SDK v2's Estimator(entry_point=..., source_dir=...) and others ask for
it.
"""

import base64
import hashlib
import io
import json
import uuid
import zipfile

import pytest

from tests.images.training.container import packed

SHOW = """
import json, os, sys
from helpers.greeting import greet
names = ("SM_HPS", "SM_CHANNEL_TRAINING", "SM_MODULE_NAME", "SM_USER_ENTRY_POINT",
         "SM_CURRENT_HOST", "SM_NUM_GPUS", "SM_OUTPUT_DATA_DIR")
print(greet())
with open(os.path.join(os.environ["SM_MODEL_DIR"], "seen.json"), "w") as file:
    json.dump({"argv": sys.argv, "cwd": os.getcwd(), "path": sys.path,
               **{name: os.environ.get(name) for name in names}}, file)
"""
SOURCE = {
    "train.py": SHOW,
    "helpers/__init__.py": "",
    "helpers/greeting.py": "def greet():\n    return 'hello from helpers'\n",
}
ARCHIVE = "/opt/ml/input/data/code/sourcedir.tar.gz"


def wheel(name: str, source: str) -> bytes:
    """A wheel of one module."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}"
        for path, text in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def seen(container) -> dict:
    return json.loads(container.read("/opt/ml/model/seen.json"))


def test_the_request_of_an_estimator_with_an_entry_point_runs_that_and_not_ours(run):
    """Each value is JSON, as SDK v2 sends it."""
    asked = {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": ARCHIVE,
        "sagemaker_container_log_level": 20,
        "sagemaker_job_name": "mine",
        "sagemaker_region": "eu-central-1",
        "learning-rate": 0.1,
        "name": "a b",
    }
    status, container = run(
        {ARCHIVE: packed(SOURCE)}, {name: json.dumps(value) for name, value in asked.items()}, channels=["training"]
    )
    assert status == 0 and "hello from helpers" in container.log and "Reporting training SUCCESS" in container.log, (
        container.log
    )
    found = seen(container)
    assert found["argv"] == ["train.py", "--learning-rate", "0.1", "--name", "a b"] and found["cwd"] == "/opt/ml/code"
    assert json.loads(found["SM_HPS"]) == {"learning-rate": 0.1, "name": "a b"}
    assert (found["SM_CHANNEL_TRAINING"], found["SM_CURRENT_HOST"], found["SM_NUM_GPUS"]) == (
        "/opt/ml/input/data/training",
        "algo-1",
        "0",
    )
    assert (found["SM_USER_ENTRY_POINT"], found["SM_MODULE_NAME"], found["SM_OUTPUT_DATA_DIR"]) == (
        "train.py",
        "train",
        "/opt/ml/output/data",
    )
    assert "running on" not in container.log and not [
        folder for folder in found["path"] if folder.startswith("/opt/program")
    ]


@pytest.mark.parametrize(
    ("hyperparameters", "environment"),
    [
        ({"sagemaker_program": "train.py"}, {}),
        ({}, {"SAGEMAKER_PROGRAM": "train.py"}),
        ({"sagemaker_program": '"train.py"'}, {"SAGEMAKER_PROGRAM": ""}),
        ({"sagemaker_program": "other.py"}, {"SAGEMAKER_PROGRAM": "train.py"}),  # the toolkit's order
    ],
)
def test_a_program_in_the_users_folder_is_named_by_hyperparameter_or_environment(run, hyperparameters, environment):
    files = {f"/opt/ml/code/{name}": source for name, source in SOURCE.items()} | {
        "/opt/ml/code/other.py": "raise SystemExit(9)"
    }
    status, container = run(files, hyperparameters, environment={**environment, "PYTHONPATH": "/opt/ml/code/lib"})
    assert (status, seen(container)["argv"]) == (0, ["train.py"]), container.log
    assert "/opt/ml/code/lib" in seen(container)["path"]
    assert ("comes before hyperparameter sagemaker_program=other.py" in container.log) == (
        "other.py" in hyperparameters.values()
    )


def test_code_is_fetched_from_s3_where_the_container_reaches_it(run, local):
    uri = local.put(f"code/{uuid.uuid4().hex}/sourcedir.tar.gz", packed(SOURCE))
    environment = {
        "S3_ENDPOINT_URL": local.address.url,
        "AWS_REGION": local.address.region,
        "AWS_ACCESS_KEY_ID": local.key.id,
        "AWS_SECRET_ACCESS_KEY": local.key.secret,
    }
    hyperparameters = {"sagemaker_program": "train.py", "sagemaker_submit_directory": uri}
    status, container = run(
        None, hyperparameters, environment=environment, network_mode="host", hostname=None, extra_hosts=None
    )
    assert (status, seen(container)["argv"]) == (0, ["train.py"]), container.log


def test_an_image_from_ours_with_a_program_of_its_own_runs_that(run, engine, train_image):
    """The recipe of docs/training.md."""
    dockerfile = f"FROM {train_image}\nENV SAGEMAKER_PROGRAM=train.py\nCOPY src/ /opt/ml/code/\n"
    context = packed({"Dockerfile": dockerfile} | {f"src/{name}": source for name, source in SOURCE.items()}, "w")
    tag = f"test-own-image:{uuid.uuid4().hex[:12]}"
    engine.images.build(fileobj=io.BytesIO(context), custom_context=True, tag=tag, rm=True)
    try:
        status, container = run(None, {"epochs": "3"}, image=tag)
        assert (status, seen(container)["argv"]) == (0, ["train.py", "--epochs", "3"]), container.log
    finally:
        engine.images.remove(tag, force=True)


@pytest.mark.parametrize("owner", [0, 1000])
def test_requirements_are_installed_with_wheels_beside_them(run, owner):
    source = {
        "train.py": "import wheeled; print(wheeled.WORD)",
        "requirements.txt": "./wheels/wheeled-1.0-py3-none-any.whl\n",
        "wheels/wheeled-1.0-py3-none-any.whl": wheel("wheeled", "WORD = 'from the wheel'"),
    }
    status, container = run(
        {ARCHIVE: packed(source)},
        {"sagemaker_program": "train.py", "sagemaker_submit_directory": ARCHIVE},
        owner=owner,
        user=f"{owner}:{owner}",
    )
    assert status == 0 and "from the wheel" in container.log, container.log


def test_a_shell_script_gets_its_arguments_whole(run):
    script = '#!/bin/bash\nset -e\npython show.py "$@" | tee /opt/ml/model/printed\n'
    files = {"/opt/ml/code/train.sh": script, "/opt/ml/code/show.py": "import sys; print(sys.argv[1:])"}
    status, container = run(files, {"sagemaker_program": "train.sh", "name": "it's a b", "mask": "*.py $HOME"})
    assert status == 0, container.log
    assert (
        container.read("/opt/ml/model/printed")
        == f"{['--mask', '*.py $HOME', '--name', chr(39).join(['it', 's a b'])]}\n"
    )


def test_a_package_is_installed_and_run_as_a_module(run):
    files = {
        "setup.py": "from setuptools import setup; setup(name='mine', version='1.0', packages=['mine'])",
        "mine/__init__.py": "",
        "mine/helper.py": "WORD = 'from the package'",
        "mine/train.py": "import sys\nfrom mine.helper import WORD\nprint(WORD, sys.argv[1:])",
    }
    status, container = run(
        {ARCHIVE: packed(files)},
        {"sagemaker_program": "mine.train", "sagemaker_submit_directory": ARCHIVE, "epochs": "2"},
        environment={"PIP_NO_BUILD_ISOLATION": "0"},  # setuptools as the image has it, since there is no network here
    )
    assert status == 0 and "from the package ['--epochs', '2']" in container.log, container.log


@pytest.mark.parametrize(
    ("files", "hyperparameters", "sentence"),
    [
        (
            {ARCHIVE: packed(SOURCE)},
            {"sagemaker_program": "trian.py", "sagemaker_submit_directory": ARCHIVE},
            "The training program trian.py was not found in /opt/ml/code, which holds helpers, train.py.",
        ),
        (
            {},
            {"sagemaker_program": "train.py"},
            "The training program train.py was not found in /opt/ml/code, which is empty",
        ),
        (
            {},
            {"sagemaker_program": "train.py", "sagemaker_submit_directory": ARCHIVE},
            f"sagemaker_submit_directory={ARCHIVE} could not be unpacked into /opt/ml/code: FileNotFoundError",
        ),
        (
            {},
            {"sagemaker_program": "train.py", "sagemaker_submit_directory": "s3://bucket/sourcedir.tar.gz"},
            "sagemaker_submit_directory=s3://bucket/sourcedir.tar.gz could not be unpacked",
        ),
        (
            {ARCHIVE: packed(SOURCE)},
            {"sagemaker_submit_directory": ARCHIVE},
            "Add hyperparameter sagemaker_program, such as train.py.",
        ),
        ({"/opt/ml/code/train.py": SHOW}, {}, "/opt/ml/code holds train.py, and nothing says which file to run."),
        (
            {"/opt/ml/code/train.sh": "true"},
            {"sagemaker_program": "run.sh"},
            "The training program run.sh was not found in /opt/ml/code, which holds train.sh.",
        ),
        (
            {"/opt/ml/code/train.py": SHOW},
            {"sagemaker_program": "train.py", "sagemaker_mpi_enabled": "true"},
            "sagemaker_mpi_enabled needs mpirun",
        ),
        (
            {"/opt/ml/code/train.py": SHOW},
            {"sagemaker_program": "train.py", "sagemaker_pytorch_ddp_enabled": "true"},
            "It has torchrun: set sagemaker_torch_distributed_enabled=true in its place.",
        ),
    ],
)
def test_code_that_cannot_be_run_ends_with_a_sentence_and_never_with_our_program(run, files, hyperparameters, sentence):
    status, container = run(files, hyperparameters, environment={"AWS_EC2_METADATA_DISABLED": "true"})
    assert status == 1 and sentence in container.failure and sentence in container.log, (
        container.failure,
        container.log,
    )
    assert "running on" not in container.log and "Traceback" not in container.log


def test_code_of_the_image_that_comes_before_the_requests_is_said(run):
    files = {f"/opt/ml/code/{name}": source for name, source in SOURCE.items()} | {
        ARCHIVE: packed({"train.py": "raise SystemExit(9)"})
    }
    status, container = run(files, {"sagemaker_program": "train.py", "sagemaker_submit_directory": ARCHIVE})
    assert (
        status == 0
        and f"warning: /opt/ml/code is not empty, so sagemaker-training leaves sagemaker_submit_directory={ARCHIVE} "
        "aside"
        in container.log
    )


def test_torchrun_starts_the_program_where_the_request_distributes_it(run):
    source = "import os; print('rank', os.environ['RANK'], 'of', os.environ['WORLD_SIZE'])"
    status, container = run(
        {"/opt/ml/code/train.py": source},
        {"sagemaker_program": "train.py", "sagemaker_torch_distributed_enabled": "true"},
    )
    assert status == 0 and "rank 0 of 1" in container.log, container.log
