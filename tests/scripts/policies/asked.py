"""Which permissions a call to AWS needs: its actions, and the resources that they are about.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Iterator

from scripts.aws.permissions import PASS_ROLE, Permission
from scripts.aws.policy_documents import Places

SCALING = "application-autoscaling:service-namespace"
SAGEMAKER = {
    "TrainingJobName": "training-job",
    "HyperParameterTuningJobName": "hyper-parameter-tuning-job",
    "TransformJobName": "transform-job",
    "ModelName": "model",
    "EndpointConfigName": "endpoint-config",
    "EndpointName": "endpoint",
    "InferenceComponentName": "inference-component",
}
S3_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}
BUDGETS_ACTIONS = {"DescribeBudget": "ViewBudget", "CreateBudget": "ModifyBudget", "DeleteBudget": "ModifyBudget"}


def context(service: str) -> dict[str, str]:
    """What the conditions of the documents are about. service: that is asked, which passes a role to itself."""
    return {"iam:PassedToService": f"{service}.amazonaws.com", SCALING: "sagemaker"}


def asked(service: str, operation: str, request: dict, places: Places) -> list[Permission]:
    """service: botocore's name of it."""
    found = {
        "sts": lambda: (),  # GetCallerIdentity needs none
        "sagemaker": lambda: _sagemaker(operation, request, places),
        "sagemaker-runtime": lambda: _sagemaker(operation, request, places),
        "s3": lambda: _s3(operation, request, places),
        "ecr": lambda: _ecr(operation, request, places),
        "logs": lambda: _logs(operation, request, places),
        "cloudwatch": lambda: _cloudwatch(operation, request, places),
        "application-autoscaling": lambda: _autoscaling(operation, places),
        "iam": lambda: _iam(operation, request, places),
        "budgets": lambda: _budgets(operation, request, places),
        "scheduler": lambda: _scheduler(operation, request, places),
    }.get(service, lambda: [(f"{service.replace('-', '')}:{operation}", "*")])()
    return [Permission(action, resource) for action, resource in found]


def _arn(service: str, places: Places, rest: str) -> str:
    region = "" if service in ("iam", "budgets") else places.region
    return f"arn:{places.partition}:{service}:{region}:{places.account}:{rest}"


def _sagemaker(operation: str, request: dict, places: Places) -> Iterator[tuple[str, str]]:
    named = {field: f"{kind}/{request[field]}" for field, kind in SAGEMAKER.items() if field in request}
    for rest in named.values():
        yield f"sagemaker:{operation}", _arn("sagemaker", places, rest)
    if not named:
        yield f"sagemaker:{operation}", "*"
    if request.get("Tags"):
        made = named[f"{operation.removeprefix('Create')}Name"]
        yield "sagemaker:AddTags", _arn("sagemaker", places, made)
    for role in _values(request, ("RoleArn", "ExecutionRoleArn")):
        yield PASS_ROLE, role


def _values(value: object, keys: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key in keys:
                yield one
            yield from _values(one, keys)
    elif isinstance(value, list):
        for one in value:
            yield from _values(one, keys)


def _s3(operation: str, request: dict, places: Places) -> Iterator[tuple[str, str]]:
    bucket = f"arn:{places.partition}:s3:::{request['Bucket']}"
    if operation == "DeleteObjects":
        for one in request["Delete"]["Objects"]:
            yield "s3:DeleteObjectVersion" if "VersionId" in one else "s3:DeleteObject", f"{bucket}/{one['Key']}"
        return
    yield f"s3:{S3_ACTIONS.get(operation, operation)}", f"{bucket}/{request['Key']}" if "Key" in request else bucket


def _ecr(operation: str, request: dict, places: Places) -> Iterator[tuple[str, str]]:
    names = request.get("repositoryNames") or [request[field] for field in ("repositoryName",) if field in request]
    resources = [_arn("ecr", places, f"repository/{name}") for name in names] or ["*"]
    for resource in resources:
        yield f"ecr:{operation}", resource
        if request.get("tags"):
            yield "ecr:TagResource", resource


def _logs(operation: str, request: dict, places: Places) -> Iterator[tuple[str, str]]:
    if operation == "DescribeLogGroups":
        resource = "*"
    elif operation == "ListTagsForResource":
        resource = request["resourceArn"]
    else:
        resource = _arn("logs", places, f"log-group:{request['logGroupName']}")
    if operation in ("DescribeLogStreams", "GetLogEvents"):
        resource += f":log-stream:{request.get('logStreamName', '')}"
    yield f"logs:{operation}", resource
    if request.get("tags"):
        yield "logs:TagResource", resource


def _cloudwatch(operation: str, request: dict, places: Places) -> Iterator[tuple[str, str]]:
    if operation == "DescribeAlarms":
        yield "cloudwatch:DescribeAlarms", "*"
        return
    for name in request.get("AlarmNames") or [request["AlarmName"]]:
        resource = _arn("cloudwatch", places, f"alarm:{name}")
        yield f"cloudwatch:{operation}", resource
        if request.get("Tags"):
            yield "cloudwatch:TagResource", resource


def _autoscaling(operation: str, places: Places) -> Iterator[tuple[str, str]]:
    resource = "*" if operation.startswith("Describe") else _arn("application-autoscaling", places, "scalable-target/1")
    yield f"application-autoscaling:{operation}", resource


def _iam(operation: str, request: dict, places: Places) -> Iterator[tuple[str, str]]:
    role = _arn("iam", places, f"role/{request['RoleName']}") if "RoleName" in request else request["PolicySourceArn"]
    yield f"iam:{operation}", role
    if request.get("Tags"):
        yield "iam:TagRole", role


def _budgets(operation: str, request: dict, places: Places) -> Iterator[tuple[str, str]]:
    name = request.get("BudgetName") or request["Budget"]["BudgetName"]
    resource = _arn("budgets", places, f"budget/{name}")
    yield f"budgets:{BUDGETS_ACTIONS[operation]}", resource
    if request.get("ResourceTags"):
        yield "budgets:TagResource", resource


def _scheduler(operation: str, request: dict, places: Places) -> Iterator[tuple[str, str]]:
    yield f"scheduler:{operation}", _arn("scheduler", places, f"schedule/default/{request['Name']}")
    for role in _values(request, ("RoleArn",)):
        yield PASS_ROLE, role
