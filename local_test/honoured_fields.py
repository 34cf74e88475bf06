"""Which fields of a request the local SageMaker acts on. Any other is refused by name: dropping one would be a lie."""

# None: every value is honoured. A dict: its fields. A list of one: the same for each element.
TRAINING_JOB = {
    "TrainingJobName": None,
    "HyperParameters": None,
    "AlgorithmSpecification": {"TrainingImage": None, "TrainingInputMode": ("File",)},
    "InputDataConfig": [
        {
            "ChannelName": None,
            "ContentType": None,
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": ("S3Prefix",),
                    "S3Uri": None,
                    "S3DataDistributionType": ("FullyReplicated",),
                }
            },
        }
    ],
    "OutputDataConfig": {"S3OutputPath": None},
    # A container here has no instance of its own: the type is told to it, the volume is this machine's disk.
    "ResourceConfig": {"InstanceType": None, "InstanceCount": (1,), "VolumeSizeInGB": None},
    "StoppingCondition": {"MaxRuntimeInSeconds": None},
    "Environment": None,
    "RoleArn": None,
}


class NotHonoured(ValueError):
    """The request asks for something that the local SageMaker does not do; the message names the field."""


def check_honoured(request: dict, honoured: dict = TRAINING_JOB, at: str = "") -> None:
    """Raise NotHonoured for the first field, or value of a field, that would be ignored."""
    for name, value in request.items():
        path = f"{at}{name}"
        if name not in honoured:
            raise NotHonoured(f"The local SageMaker does not honour {path} yet. Remove it from the request, or run the job on AWS.")
        allowed = honoured[name]
        if isinstance(allowed, tuple) and value not in allowed:
            raise NotHonoured(f"The local SageMaker honours {path} only as {' or '.join(map(str, allowed))}, not {value!r}.")
        if isinstance(allowed, dict):
            check_honoured(value, allowed, f"{path}.")
        if isinstance(allowed, list):
            for index, element in enumerate(value):
                check_honoured(element, allowed[0], f"{path}[{index}].")
