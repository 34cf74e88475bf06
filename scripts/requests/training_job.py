"""CreateTrainingJob. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html"""

from scripts.layout import Layout
from scripts.requests.tags import project_tags
from scripts.settings import Settings

# The figures in the metric lines of the training program, by the name that stands before their `=`.
METRICS = ("train_loss", "valid_loss", "valid_accuracy", "seconds", "test_loss", "test_accuracy", "test_top5")
# 30 is logging.WARNING: sagemaker-training then leaves its two pages about the environment out of the log.
_QUIET = {"sagemaker_container_log_level": "30"}
CHECKPOINTS = "/opt/ml/checkpoints"


def training_job_request(
    settings: Settings, layout: Layout, *, name: str, image: str, role_arn: str, channels: dict[str, str],
    hyperparameters: dict[str, str],
) -> dict:
    """Request for the job `name`. channels: name -> URI of what it holds. hyperparameters: before those of the settings."""
    train = settings.train
    stopping = {"MaxRuntimeInSeconds": train.max_runtime_seconds}
    if train.spot:
        stopping["MaxWaitTimeInSeconds"] = train.max_wait_seconds
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {
            "TrainingImage": image,
            "TrainingInputMode": train.input_mode,
            "MetricDefinitions": [{"Name": metric, "Regex": rf"\b{metric}=([0-9.]+)"} for metric in METRICS],
        },
        "RoleArn": role_arn,
        "HyperParameters": {**_QUIET, **settings.hyperparameters, **hyperparameters},
        "InputDataConfig": [_channel(channel, uri) for channel, uri in channels.items()],
        "OutputDataConfig": {"S3OutputPath": layout.jobs},
        "ResourceConfig": {
            "InstanceType": train.instance_type, "InstanceCount": train.instance_count, "VolumeSizeInGB": train.volume_gb,
        },
        "StoppingCondition": stopping,
        "EnableManagedSpotTraining": train.spot,
        "CheckpointConfig": {"S3Uri": layout.checkpoints(name), "LocalPath": CHECKPOINTS},
        "Tags": project_tags(settings.prefix),
    }


def _channel(name: str, uri: str) -> dict:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}
