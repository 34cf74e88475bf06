"""Which operations of the services around SageMaker are here. moto has more than a hundred services; some start
containers, call URLs, or erase everything.

An operation is here when it changes nothing but the service's own records: none that starts something, calls an
address, or grants others access."""

from collections.abc import Iterable

# By the service's name in a signature's scope.
OPERATIONS: dict[str, frozenset[str]] = {
    "sts": frozenset(["AssumeRole", "GetAccessKeyInfo", "GetCallerIdentity"]),
    "ecr": frozenset(
        [
            "BatchCheckLayerAvailability",
            "BatchDeleteImage",
            "BatchGetImage",
            "BatchGetRepositoryScanningConfiguration",
            "CreateRepository",
            "DeleteLifecyclePolicy",
            "DeleteRegistryPolicy",
            "DeleteRepository",
            "DeleteRepositoryPolicy",
            "DescribeImageScanFindings",
            "DescribeImages",
            "DescribeRegistry",
            "DescribeRepositories",
            "GetAuthorizationToken",
            "GetLifecyclePolicy",
            "GetRegistryPolicy",
            "GetRegistryScanningConfiguration",
            "GetRepositoryPolicy",
            "ListImages",
            "ListTagsForResource",
            "PutImage",
            "PutImageScanningConfiguration",
            "PutImageTagMutability",
            "PutLifecyclePolicy",
            "PutRegistryPolicy",
            "PutRegistryScanningConfiguration",
            "SetRepositoryPolicy",
            "StartImageScan",
            "TagResource",
            "UntagResource",
        ]
    ),
    "logs": frozenset(
        [
            "CreateLogGroup",
            "CreateLogStream",
            "DeleteLogGroup",
            "DeleteLogStream",
            "DeleteRetentionPolicy",
            "DescribeLogGroups",
            "DescribeLogStreams",
            "DescribeQueries",
            "FilterLogEvents",
            "GetLogEvents",
            "GetQueryResults",
            "ListTagsForResource",
            "ListTagsLogGroup",
            "PutLogEvents",
            "PutRetentionPolicy",
            "StartQuery",
            "TagLogGroup",
            "TagResource",
            "UntagLogGroup",
            "UntagResource",
        ]
    ),
    "monitoring": frozenset(
        [
            "DeleteAlarms",
            "DeleteDashboards",
            "DescribeAlarms",
            "DescribeAlarmsForMetric",
            "DisableAlarmActions",
            "EnableAlarmActions",
            "GetDashboard",
            "GetMetricData",
            "GetMetricStatistics",
            "ListDashboards",
            "ListMetrics",
            "ListTagsForResource",
            "PutDashboard",
            "PutMetricAlarm",
            "PutMetricData",
            "SetAlarmState",
            "TagResource",
            "UntagResource",
        ]
    ),
    "application-autoscaling": frozenset(
        [
            "DeleteScalingPolicy",
            "DeleteScheduledAction",
            "DeregisterScalableTarget",
            "DescribeScalableTargets",
            "DescribeScalingPolicies",
            "DescribeScheduledActions",
            "PutScalingPolicy",
            "PutScheduledAction",
            "RegisterScalableTarget",
        ]
    ),
    "budgets": frozenset(["CreateBudget", "DeleteBudget", "DescribeBudget", "DescribeBudgets"]),
    "scheduler": frozenset(["CreateSchedule", "DeleteSchedule", "GetSchedule", "ListSchedules", "UpdateSchedule"]),
    "iam": frozenset(
        [
            "AddRoleToInstanceProfile",
            "AddUserToGroup",
            "AttachGroupPolicy",
            "AttachRolePolicy",
            "AttachUserPolicy",
            "CreateAccessKey",
            "CreateAccountAlias",
            "CreateGroup",
            "CreateInstanceProfile",
            "CreatePolicy",
            "CreatePolicyVersion",
            "CreateRole",
            "CreateServiceLinkedRole",
            "CreateUser",
            "DeleteAccessKey",
            "DeleteAccountAlias",
            "DeleteGroup",
            "DeleteGroupPolicy",
            "DeleteInstanceProfile",
            "DeletePolicy",
            "DeletePolicyVersion",
            "DeleteRole",
            "DeleteRolePermissionsBoundary",
            "DeleteRolePolicy",
            "DeleteServiceLinkedRole",
            "DeleteUser",
            "DeleteUserPolicy",
            "DetachGroupPolicy",
            "DetachRolePolicy",
            "DetachUserPolicy",
            "GetAccessKeyLastUsed",
            "GetAccountAuthorizationDetails",
            "GetAccountSummary",
            "GetGroup",
            "GetGroupPolicy",
            "GetInstanceProfile",
            "GetPolicy",
            "GetPolicyVersion",
            "GetRole",
            "GetRolePolicy",
            "GetServiceLinkedRoleDeletionStatus",
            "GetUser",
            "GetUserPolicy",
            "ListAccessKeys",
            "ListAccountAliases",
            "ListAttachedGroupPolicies",
            "ListAttachedRolePolicies",
            "ListAttachedUserPolicies",
            "ListEntitiesForPolicy",
            "ListGroupPolicies",
            "ListGroups",
            "ListGroupsForUser",
            "ListInstanceProfiles",
            "ListInstanceProfilesForRole",
            "ListPolicies",
            "ListPolicyTags",
            "ListPolicyVersions",
            "ListRolePolicies",
            "ListRoleTags",
            "ListRoles",
            "ListUserPolicies",
            "ListUserTags",
            "ListUsers",
            "PutGroupPolicy",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
            "PutUserPolicy",
            "RemoveRoleFromInstanceProfile",
            "RemoveUserFromGroup",
            "SetDefaultPolicyVersion",
            "SimulatePrincipalPolicy",
            "TagInstanceProfile",
            "TagPolicy",
            "TagRole",
            "TagUser",
            "UntagInstanceProfile",
            "UntagPolicy",
            "UntagRole",
            "UntagUser",
            "UpdateAccessKey",
            "UpdateAssumeRolePolicy",
            "UpdateGroup",
            "UpdateRole",
            "UpdateRoleDescription",
            "UpdateUser",
        ]
    ),
}
# S3 names its operations by parameters of the query. Here are these, and the plain ones; not notifications (they call
# others), logging, replication and inventory (they write elsewhere), websites, Select, torrents, analytics and table
# buckets.
S3_PARAMETERS = frozenset(
    [
        "acl",
        "attributes",
        "cors",
        "delete",
        "encryption",
        "legal-hold",
        "lifecycle",
        "location",
        "object-lock",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "requestPayment",
        "restore",
        "retention",
        "tagging",
        "uploads",
        "versioning",
        "versions",
        "bucket-region",
        "continuation-token",
        "delimiter",
        "encoding-type",
        "fetch-owner",
        "key-marker",
        "list-type",
        "marker",
        "max-buckets",
        "max-keys",
        "max-parts",
        "max-uploads",
        "optional-object-attributes",
        "part-number-marker",
        "partNumber",
        "prefix",
        "start-after",
        "upload-id-marker",
        "uploadId",
        "version-id-marker",
        "versionId",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "x-id",
        "AWSAccessKeyId",
        "Expires",
        "Signature",
        "content-type",
        "content-md5",
    ]
)
S3_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
SERVICES = frozenset({"s3", *OPERATIONS})
SPOKEN = {"monitoring": "cloudwatch"}  # in messages: as clients know it
REST = frozenset({"scheduler"})  # method and path say the operation; s3 has rules of its own


def is_here(service: str, method: str, operation: str, parameters: Iterable[str]) -> bool:
    """operation: its name, which S3's requests do not have. parameters: names in the query."""
    if service != "s3":
        return operation in OPERATIONS.get(service, ())
    return method in S3_METHODS and all(
        name in S3_PARAMETERS or name.lower().startswith("x-amz-") for name in parameters
    )


def why_not_here(service: str, operation: str) -> str:
    """A sentence about an operation that is not here."""
    if service in SERVICES:
        return f"The local {SPOKEN.get(service, service)} does not have {operation}. Send this request to AWS instead."
    return (
        f"The local SageMaker does not have {operation} of {service or 'this service'}: it has only SageMaker, "
        f"{', '.join(sorted(SPOKEN.get(one, one) for one in SERVICES))}. Send this request to AWS instead."
    )
