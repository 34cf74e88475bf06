"""Training jobs for these tests, as data: descriptions as the service gives them, and what programs leave."""

import math
from datetime import UTC, datetime, timedelta

from contract.metric_lines import METRICS, line_of_epoch, line_of_test_split
from scripts.comparison.run import Run, run_of

START = datetime(2026, 11, 26, 6, 12, tzinfo=UTC)
DEFINITIONS = [{"Name": metric, "Regex": rf"\b{metric}=([0-9.]+)"} for metric in METRICS]
OUR_IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/dogbreed-train:a86989924225"


def name_of(number: int) -> str:
    """The higher the number, the newer the job."""
    return f"dogbreed-train-20261126-0612{number:02}-123"


def description(number: int = 1, *, status: str = "Completed", **more) -> dict:
    """DescribeTrainingJob's answer; more: fields of it."""
    ended = {"TrainingTimeInSeconds": 600, "BillableTimeInSeconds": 600} if status != "InProgress" else {}
    return {
        "TrainingJobName": name_of(number),
        "TrainingJobArn": f"arn:aws:sagemaker:eu-west-1:123456789012:training-job/{name_of(number)}",
        "TrainingJobStatus": status,
        "SecondaryStatus": status,
        "CreationTime": START + timedelta(minutes=number),
        "HyperParameters": {"sagemaker_container_log_level": "30", "lr": "0.001"},
        "AlgorithmSpecification": {
            "TrainingImage": OUR_IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": DEFINITIONS,
        },
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 50},
        "OutputDataConfig": {"S3OutputPath": "s3://some-bucket/dogbreed/jobs"},
        **ended,
        **more,
    }


def epochs(count: int, height: float = 0.8) -> list[dict]:
    """Of a report's record: the accuracy rises to `height` and falls a little in the last epoch."""
    found = []
    for epoch in range(1, count + 1):
        share = 1 - math.exp(-epoch / 3)
        last = 0.08 if epoch == count > 1 else 0
        found.append(
            {
                "epoch": epoch,
                "train_loss": 2.2 - 1.9 * share,
                "valid_loss": 2.1 - 1.6 * share + last,
                "valid_accuracy": height * share - last,
                "learning_rate": 0.001,
                "seconds": 31.5,
            }
        )
    return found


def evaluation(top1: float = 0.87) -> dict:
    """evaluation.json."""
    return {
        "n": 836,
        "loss": 0.512,
        "top1": top1,
        "top1_interval_95": [top1 - 0.024, top1 + 0.021],
        "top5": 0.98,
        "classes": ["Beagle"],
        "confusion_matrix": [[836]],
        "temperature": 1.1,
        "ece": 0.021,
        "ece_without_temperature": 0.05,
    }


def record(count: int = 6, height: float = 0.8, **hyperparameters: str) -> dict:
    """report.json. hyperparameters: in the place of `lr=0.001 epochs=6`."""
    named = {name.replace("_", "-"): value for name, value in hyperparameters.items()}
    return {
        "status": "Completed",
        "epochs": epochs(count, height),
        "hyperparameters": {"lr": "0.001", "epochs": str(count), "seed": "0", **named},
        "evaluation": {"split": "test", "top1": 0.5, "calibration": {"bins": [], "ece": 0.03}},
    }


def log_lines(count: int, tested: bool = True) -> list[str]:
    """What the training program prints."""
    values = ("train_loss", "valid_loss", "valid_accuracy", "seconds")
    lines = ["running on cpu", *(line_of_epoch(one["epoch"], *map(one.get, values)) for one in epochs(count))]
    return [*lines, line_of_test_split(0.512, 0.87, 0.98)] if tested else lines


def run(number: int = 1, *, height: float = 0.8, top1: float = 0.87, count: int = 6, **hyperparameters: str) -> Run:
    """A whole one."""
    given = {name.replace("_", "-"): value for name, value in hyperparameters.items()}
    return run_of(
        description(number, HyperParameters=given),
        "dogbreed",
        record=record(count, height),
        evaluation=evaluation(top1),
    )
