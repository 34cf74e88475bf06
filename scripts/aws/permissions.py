"""Which actions each verb needs, and which the execution role needs, each with a resource that it is about.

What a verb can do without (the lifecycle of repositories, scanning, alarms) is not here. Actions and their resources:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scripts.config import names

_BUCKET = "arn:{partition}:s3:::{bucket}"
_OBJECTS = "arn:{partition}:s3:::{bucket}/{prefix}/data/doctor"
_REPOSITORY = "arn:{partition}:ecr:{region}:{account}:repository/{prefix}-train"
_SAGEMAKER = "arn:{partition}:sagemaker:{region}:{account}:"
_TRAINING = _SAGEMAKER + "training-job/{prefix}-train-doctor"
_TUNING = _SAGEMAKER + "hyper-parameter-tuning-job/{tuning_prefix}-tune-doctor"
_TRANSFORM = _SAGEMAKER + "transform-job/{prefix}-transform-doctor"
_MODEL = _SAGEMAKER + "model/{prefix}-doctor"
_CONFIG = _SAGEMAKER + "endpoint-config/{prefix}-doctor"
_ENDPOINT = _SAGEMAKER + "endpoint/{prefix}"
_LOGS = "arn:{partition}:logs:{region}:{account}:log-group:/aws/sagemaker/TrainingJobs:*"

PASS_ROLE = "iam:PassRole"
_RESOURCES = {
    PASS_ROLE: "{role}",
    "application-autoscaling:DescribeScalableTargets": "*",
    "cloudwatch:DescribeAlarms": "*",
    "cloudwatch:PutMetricData": "*",
    "ecr:GetAuthorizationToken": "*",
    **{
        f"ecr:{action}": _REPOSITORY
        for action in (
            "BatchCheckLayerAvailability",
            "BatchGetImage",
            "CompleteLayerUpload",
            "CreateRepository",
            "DescribeImages",
            "DescribeRepositories",
            "GetDownloadUrlForLayer",
            "InitiateLayerUpload",
            "PutImage",
            "TagResource",
            "UploadLayerPart",
        )
    },
    **{
        f"logs:{action}": _LOGS
        for action in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "GetLogEvents", "PutLogEvents")
    },
    "s3:ListBucket": _BUCKET,
    **{f"s3:{action}": _OBJECTS for action in ("AbortMultipartUpload", "GetObject", "PutObject")},
    **{
        f"sagemaker:{action}": "*"
        for action in (
            "ListEndpointConfigs",
            "ListHyperParameterTuningJobs",
            "ListModels",
            "ListTrainingJobs",
            "ListTransformJobs",
        )
    },
    **{f"sagemaker:{action}": _TRAINING for action in ("AddTags", "CreateTrainingJob", "DescribeTrainingJob")},
    "sagemaker:StopTrainingJob": _TRAINING,
    "sagemaker:UpdateTrainingJob": _TRAINING,
    **{
        f"sagemaker:{action}": _TUNING
        for action in (
            "CreateHyperParameterTuningJob",
            "DescribeHyperParameterTuningJob",
            "ListTrainingJobsForHyperParameterTuningJob",
            "StopHyperParameterTuningJob",
        )
    },
    **{f"sagemaker:{action}TransformJob": _TRANSFORM for action in ("Create", "Describe", "Stop")},
    **{f"sagemaker:{action}Model": _MODEL for action in ("Create", "Delete")},
    **{f"sagemaker:{action}EndpointConfig": _CONFIG for action in ("Create", "Delete", "Describe")},
    **{f"sagemaker:{action}Endpoint": _ENDPOINT for action in ("Create", "Delete", "Describe", "Invoke", "Update")},
}

_IMAGE = ("ecr:DescribeRepositories", "ecr:DescribeImages")
_JOB = (PASS_ROLE, *_IMAGE, "s3:ListBucket", "sagemaker:AddTags", "logs:DescribeLogStreams", "logs:GetLogEvents")
_TRAIN = (*_JOB, "sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob")
_TRAINED = ("sagemaker:ListTrainingJobs", "sagemaker:DescribeTrainingJob")
_LISTS = (
    "sagemaker:ListTrainingJobs",
    "sagemaker:ListHyperParameterTuningJobs",
    "sagemaker:ListTransformJobs",
)
_STOP = (
    *_LISTS,
    "sagemaker:StopTrainingJob",
    "sagemaker:StopHyperParameterTuningJob",
    "sagemaker:StopTransformJob",
)
_STATUS = (
    *_LISTS,
    *_IMAGE,
    "sagemaker:DescribeEndpoint",
    "sagemaker:ListEndpointConfigs",
    "sagemaker:ListModels",
    "cloudwatch:DescribeAlarms",
    "s3:ListBucket",
)
OF_VERBS = {
    "push": (
        *_IMAGE,
        "ecr:GetAuthorizationToken",
        "ecr:CreateRepository",
        "ecr:TagResource",
        "ecr:BatchCheckLayerAvailability",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
    ),
    "upload": ("s3:ListBucket", "s3:PutObject"),
    "train": _TRAIN,
    "tune": (
        *_TRAIN,
        "s3:GetObject",
        "sagemaker:CreateHyperParameterTuningJob",
        "sagemaker:DescribeHyperParameterTuningJob",
        "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
    ),
    "report": (*_TRAINED, "s3:ListBucket", "s3:GetObject"),
    "deploy": (
        *_JOB,
        *_TRAINED,
        "sagemaker:CreateModel",
        "sagemaker:CreateEndpointConfig",
        "sagemaker:CreateEndpoint",
        "sagemaker:UpdateEndpoint",
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "application-autoscaling:DescribeScalableTargets",
    ),
    "predict": ("sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"),
    "transform": (
        *_JOB,
        *_TRAINED,
        "sagemaker:CreateModel",
        "sagemaker:CreateTransformJob",
        "sagemaker:DescribeTransformJob",
        "s3:PutObject",
        "s3:GetObject",
    ),
    "logs": (*_LISTS, "logs:DescribeLogStreams", "logs:GetLogEvents"),
    "status": _STATUS,
    "stop": _STOP,
    "delete": (
        *_STATUS,
        *_STOP,
        "sagemaker:DeleteEndpoint",
        "sagemaker:DeleteEndpointConfig",
        "sagemaker:DeleteModel",
        "sagemaker:UpdateTrainingJob",
    ),
}
# https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
OF_ROLE = (
    "ecr:GetAuthorizationToken",
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
    "s3:ListBucket",
    "s3:GetObject",
    "s3:PutObject",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "cloudwatch:PutMetricData",
)


@dataclass(frozen=True)
class Places:
    """What the resources' ARNs are made of. role: the execution role's ARN; '' where none is set."""

    partition: str
    region: str
    account: str
    bucket: str
    prefix: str
    role: str


def by_resource(actions: Iterable[str], places: Places) -> dict[str, list[str]]:
    """ARN -> the actions that are about it. Without a role there is none to pass."""
    fields = {**vars(places), "tuning_prefix": names.tuning_prefix(places.prefix)}
    found: dict[str, list[str]] = {}
    for action in sorted(set(actions)):
        if action != PASS_ROLE or places.role:
            found.setdefault(_RESOURCES[action].format(**fields), []).append(action)
    return found


def lacking(denied: Iterable[str]) -> Mapping[str, list[str]]:
    """Verb -> which of the denied actions it needs; only verbs that lack any."""
    without = set(denied)
    found = {verb: sorted(without & set(actions)) for verb, actions in OF_VERBS.items()}
    return {verb: actions for verb, actions in found.items() if actions}
