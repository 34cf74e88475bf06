"""A tuning job of the host's tests: its request, its record and records of its trials."""

import copy

from local_test.tuning.job_record import new_record

ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/tuning"
REQUEST = {
    "HyperParameterTuningJobName": "tuning",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "valid_accuracy"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 10, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {
            "ContinuousParameterRanges": [
                {"Name": "lr", "MinValue": "0.001", "MaxValue": "0.1", "ScalingType": "Logarithmic"}
            ],
            "CategoricalParameterRanges": [{"Name": "batch-size", "Values": ['"32"', '"64"']}],
        },
    },
    "TrainingJobDefinition": {
        "StaticHyperParameters": {"epochs": "9"},
        "AlgorithmSpecification": {
            "TrainingImage": "image",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "valid_accuracy", "Regex": "valid_accuracy=(.+)"}],
        },
        "RoleArn": "arn:aws:iam::123456789012:role/local",
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"}},
            },
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/jobs"},
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    },
}
NOTHING = object()


def changed(*changes: tuple[str, object]) -> dict:
    """The request with fields set: ("HyperParameterTuningJobConfig.Strategy", "Grid"). NOTHING removes a field."""
    request = copy.deepcopy(REQUEST)
    for path, value in changes:
        *steps, last = path.split(".")
        field = request
        for step in steps:
            field = field.setdefault(step, {})
        field[last] = value
        if value is NOTHING:
            del field[last]
    return request


def record(*changes: tuple[str, object]) -> dict:
    return new_record(changed(*changes), ARN, 1000.0, seed=5)


def trial(number: int, status: str = "Completed", values: list[float] = (), **more) -> dict:
    tuned = {"lr": "0.01", "batch-size": '"64"'}
    return {
        "Number": number,
        "TrainingJobName": f"tuning-00{number}-abcdef01",
        "TunedHyperParameters": tuned,
        "Values": list(values),
        "TrainingJobArn": f"arn-{number}",
        "TrainingJobStatus": status,
        "CreationTime": 1000.0 + number,
        **more,
    }
