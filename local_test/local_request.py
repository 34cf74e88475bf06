"""The CreateTrainingJob request of a job on this machine."""

import math
from datetime import datetime, timezone
from pathlib import Path

from local_test.data_folder import SPLITS

# What the demo trains with: from scratch, on two cores, in minutes. The README says what each reaches.
SAMPLE_RECIPE = {
    "arch": "resnet18", "pretrained": "none", "image-size": "64", "epochs": "14", "batch-size": "32", "lr": "0.002",
    "min-crop": "0.8", "label-smoothing": "0", "dropout": "0",
}
PHOTOGRAPH_RECIPE = {
    "arch": "resnet18", "pretrained": "none", "image-size": "80", "batch-size": "32", "lr": "0.002", "warmup-epochs": "2",
}
PHOTOGRAPH_VIEWS = 38_000  # ten to fifteen minutes on two cores


def training_request(image: str, data: Path, hyperparameters: dict[str, str], output: Path) -> dict:
    """Request for a job that trains on the three splits under `data` and leaves its archives under `output`."""
    now = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S-%f")[:-3]
    return {
        "TrainingJobName": f"dogbreed-train-{now}",
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::123456789012:role/local",
        # 30 is logging.WARNING: sagemaker-training then leaves its two pages about the environment out of the log.
        "HyperParameters": {"sagemaker_container_log_level": "30", **hyperparameters},
        "InputDataConfig": [
            {
                "ChannelName": split,
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": (data / split).resolve().as_uri(),
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
            for split in SPLITS
        ],
        "OutputDataConfig": {"S3OutputPath": output.resolve().as_uri()},
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 50},
        "StoppingCondition": {"MaxRuntimeInSeconds": 24 * 3600},
    }


def epochs_for(pictures: int, views: int, most: int = 200) -> int:
    """As many epochs as show about `views` pictures: the demo's time then does not depend on the data set's size."""
    return max(1, min(most, math.ceil(views / pictures)))
