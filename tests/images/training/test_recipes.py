"""The recipes of docs/training.md for a program of one's own, on the local SageMaker."""

import io
import tarfile

from tests.images.training.container import packed
from tests.local_service import until

TRAIN = """
import argparse, json, os
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument("--data", type=Path, default=os.environ["SM_CHANNEL_TRAINING"])
parser.add_argument("--model-dir", type=Path, default=os.environ["SM_MODEL_DIR"])
given = parser.parse_args()
rows = [line for line in (given.data / "rows.csv").read_text().splitlines() if line]
print(f"rows={len(rows)}")
(given.model_dir / "model.json").write_text(json.dumps({"epochs": given.epochs, "rows": len(rows)}))
"""


def channel(name: str, uri: str) -> dict:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}


def test_own_training_script_by_plain_boto3(local, train_image):
    code = local.put("recipe/code/sourcedir.tar.gz", packed({"train.py": TRAIN}))
    data = local.put("recipe/data/rows.csv", b"1,2\n3,4\n")
    api = local.client("sagemaker")
    api.create_training_job(
        TrainingJobName="own-script",
        AlgorithmSpecification={"TrainingImage": train_image, "TrainingInputMode": "File"},
        RoleArn=local.address.role,
        HyperParameters={
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": "/opt/ml/input/data/code/sourcedir.tar.gz",
            "epochs": "3",
        },
        InputDataConfig=[channel("code", code), channel("training", data)],
        OutputDataConfig={"S3OutputPath": local.uri("recipe/output")},
        ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )

    job = until(
        lambda: (
            (found := api.describe_training_job(TrainingJobName="own-script"))["TrainingJobStatus"] != "InProgress"
            and found
        ),
        120,
    )
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    with tarfile.open(fileobj=io.BytesIO(local.read("recipe/output/own-script/output/model.tar.gz"))) as archive:
        assert archive.extractfile("model.json").read() == b'{"epochs": 3, "rows": 2}'
    assert "rows=2" in local.log("/aws/sagemaker/TrainingJobs", "own-script/")


def test_the_last_error_of_an_own_script_is_the_jobs_failure_reason(local, train_image):
    code = local.put("recipe/wrong/sourcedir.tar.gz", packed({"train.py": "raise ValueError('bad shape')"}))
    api = local.client("sagemaker")
    api.create_training_job(
        TrainingJobName="wrong-script",
        AlgorithmSpecification={"TrainingImage": train_image, "TrainingInputMode": "File"},
        RoleArn=local.address.role,
        HyperParameters={
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": "/opt/ml/input/data/code/sourcedir.tar.gz",
        },
        InputDataConfig=[channel("code", code)],
        OutputDataConfig={"S3OutputPath": local.uri("recipe/output")},
        ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    job = until(
        lambda: (
            (found := api.describe_training_job(TrainingJobName="wrong-script"))["TrainingJobStatus"] != "InProgress"
            and found
        ),
        120,
    )
    assert job["TrainingJobStatus"] == "Failed" and 'ErrorMessage "ValueError: bad shape"' in job["FailureReason"], job
