"""Both images through every kind of request, with boto3 alone: nothing of scripts/, nothing of local_test but its
address.
"""

import io
import itertools
import json
import tarfile

import pytest
from botocore.exceptions import ClientError

from local_test.demo.sample_data import SampleSize, draw_sample_data
from tests.local_service import until

TINY = {"pretrained": "none", "arch": "shufflenet_v2_x0_5", "image-size": "32", "epochs": "1", "batch-size": "8"}
NUMBERS = itertools.count(1)
ENDED = ("Completed", "Failed", "Stopped")
# What a program that keeps checkpoints does, without the minutes that training takes.
KEEPS_CHECKPOINTS = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
folder = pathlib.Path('/opt/ml/checkpoints')
for step in range(10**6):
    (folder / 'new').write_text(str(step)); (folder / 'new').rename(folder / 'step')
    print('step', step, flush=True); time.sleep(.1)
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "sample"
    draw_sample_data(folder, SampleSize(breeds=3, train=8, valid=2, test=2))
    return folder


@pytest.fixture(scope="module")
def uploaded(local, pictures):
    """URI above train/, valid/ and test/."""
    for path in pictures.rglob("*.jpg"):
        local.put(f"plain/{path.relative_to(pictures).as_posix()}", path.read_bytes())
    return local.uri("plain")


@pytest.fixture
def train(local, train_image, uploaded):
    """Start a training job; returns its name. changes: fields of the request."""

    def start(changes=None, **hyperparameters):
        name = f"plain-{next(NUMBERS)}"
        local.client("sagemaker").create_training_job(
            **{
                "TrainingJobName": name,
                "AlgorithmSpecification": {"TrainingImage": train_image, "TrainingInputMode": "File"},
                "RoleArn": local.address.role,
                "HyperParameters": {**TINY, **hyperparameters},
                "InputDataConfig": [
                    {
                        "ChannelName": split,
                        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{uploaded}/{split}/"}},
                    }
                    for split in ("train", "valid", "test")
                ],
                "OutputDataConfig": {"S3OutputPath": local.uri("plain-jobs")},
                "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
                "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
                **(changes or {}),
            }
        )
        return name

    return start


def ended(local, name):
    describe = local.client("sagemaker").describe_training_job
    return until(lambda: (job := describe(TrainingJobName=name))["TrainingJobStatus"] in ENDED and job, 300)


@pytest.fixture(scope="module")
def model(local, train_image, uploaded):
    """Name of a model whose data a job on two instances has made."""
    name = "plain-model"
    api = local.client("sagemaker")
    api.create_training_job(
        TrainingJobName=name,
        RoleArn=local.address.role,
        HyperParameters=TINY,
        AlgorithmSpecification={
            "TrainingImage": train_image,
            "TrainingInputMode": "FastFile",
            "MetricDefinitions": [{"Name": "valid_accuracy", "Regex": r"valid_accuracy=([0-9.]+)"}],
        },
        InputDataConfig=[
            {
                "ChannelName": split,
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{uploaded}/{split}/"}},
            }
            for split in ("train", "valid", "test")
        ],
        OutputDataConfig={"S3OutputPath": local.uri("plain-jobs")},
        ResourceConfig={"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    job = ended(local, name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [one["MetricName"] for one in job["FinalMetricDataList"]] == ["valid_accuracy"]
    streams = local.client("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/"
    )["logStreams"]
    assert sorted(stream["logStreamName"].split("/")[1].rpartition("-")[0] for stream in streams) == [
        "algo-1",
        "algo-2",
    ]
    return job["ModelArtifacts"]["S3ModelArtifacts"]


@pytest.fixture
def serve(local, serve_image):
    """Start an endpoint; returns its name. All are deleted in the end."""
    api, names = local.client("sagemaker"), []

    def start(model, environment=None):
        name = f"plain-{next(NUMBERS)}"
        api.create_model(
            ModelName=name,
            ExecutionRoleArn=local.address.role,
            PrimaryContainer={"Image": serve_image, "ModelDataUrl": model, "Environment": environment or {}},
        )
        api.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {"VariantName": "v", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.g4dn.xlarge"}
            ],
        )
        api.create_endpoint(EndpointName=name, EndpointConfigName=name)
        names.append(name)
        return name

    yield start
    for name in names:
        api.delete_endpoint(EndpointName=name)


def predictions(local, name, body, content_type="image/jpeg"):
    answer = local.client("sagemaker-runtime").invoke_endpoint(EndpointName=name, Body=body, ContentType=content_type)
    return json.loads(answer["Body"].read())["predictions"]


def test_a_model_of_two_instances_is_served_by_two_endpoints_at_once(local, serve, model, pictures):
    picture = next((pictures / "test").rglob("*.jpg")).read_bytes()
    one, two = serve(model, {"TOP_K": "1"}), serve(model, {"TOP_K": "2"})
    for name in (one, two):
        local.client("sagemaker").get_waiter("endpoint_in_service").wait(
            EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
    assert len(predictions(local, one, picture)) == 1 and len(predictions(local, two, picture)) == 2
    with pytest.raises(ClientError) as caught:
        predictions(local, one, b"no picture")
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["OriginalStatusCode"]) == ("ModelError", 400)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert json.loads(answer["OriginalMessage"])["error"]["status"] == 400


def test_a_stopped_job_leaves_its_checkpoint(local, train, train_image):
    name = train(
        {
            "AlgorithmSpecification": {
                "TrainingImage": train_image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["python", "-c"],
                "ContainerArguments": ["import os; exec(os.environ['PROGRAM'])"],
            },
            "Environment": {"PROGRAM": KEEPS_CHECKPOINTS},
            "CheckpointConfig": {"S3Uri": local.uri("plain-checkpoints")},
        }
    )
    until(lambda: local.keys("plain-checkpoints/") == ["plain-checkpoints/step"])
    local.client("sagemaker").stop_training_job(TrainingJobName=name)
    assert ended(local, name)["TrainingJobStatus"] == "Stopped"
    printed = local.log("/aws/sagemaker/TrainingJobs", f"{name}/").splitlines()
    assert int(local.read("plain-checkpoints/step")) >= int(printed[-1].removeprefix("step "))


def test_a_failed_job_says_what_the_user_did_wrong(local, train):
    job = ended(local, train(lr="11"))
    assert job["TrainingJobStatus"] == "Failed"
    assert "Hyperparameter lr: must be above 0 and at most 10, not 11." in job["FailureReason"]


def test_a_transform_job_names_every_picture(local, model, serve_image, pictures, uploaded):
    api = local.client("sagemaker")
    api.create_model(
        ModelName="plain-transform",
        ExecutionRoleArn=local.address.role,
        PrimaryContainer={"Image": serve_image, "ModelDataUrl": model},
    )
    api.create_transform_job(
        TransformJobName="plain-transform",
        ModelName="plain-transform",
        MaxConcurrentTransforms=2,
        TransformInput={
            "ContentType": "image/jpeg",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{uploaded}/test/"}},
        },
        TransformOutput={"S3OutputPath": local.uri("plain-transformed"), "Accept": "application/json"},
        TransformResources={"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1},
    )
    describe = api.describe_transform_job
    job = until(
        lambda: (found := describe(TransformJobName="plain-transform"))["TransformJobStatus"] in ENDED and found, 180
    )
    assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
    wanted = {
        f"plain-transformed/{path.relative_to(pictures / 'test').as_posix()}.out"
        for path in (pictures / "test").rglob("*.jpg")
    }
    assert set(local.keys("plain-transformed/")) == wanted
    assert all(json.loads(local.read(key))["predictions"] for key in wanted)


def test_model_data_hold_the_classes_and_no_code(local, model):
    with tarfile.open(fileobj=io.BytesIO(local.read(model.split("/", 3)[3]))) as archive:
        assert archive.getnames() == ["model.safetensors"]
