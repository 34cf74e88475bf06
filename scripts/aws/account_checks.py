"""Whose the credentials are, the role, the permissions, the bucket and the quotas: each as findings.

A look that these credentials may not take is a warning: what they may not look at, they may still use."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.did_you_mean import did_you_mean
from contract.findings import Finding, ok, problem, warning
from scripts.aws.clients import Aws
from scripts.aws.permissions import Permission, denied, lacking, needed, of_verbs, role_of_session
from scripts.aws.policy_documents import ROLE, VERBS, Places
from scripts.aws.quotas import quota_findings, read_quotas, wanted_quotas
from scripts.console.failure import error_code, explain, is_about_credentials, is_denied
from scripts.console.make import make

SERVICE = "sagemaker.amazonaws.com"
ROLES = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"
UNKNOWN = ("NoSuchEntity", "NoSuchEntityException")


def credential_findings(aws: Aws) -> list[Finding]:
    """Empty when nobody answers to them: nothing else can be looked at then."""
    try:
        source = aws.credentials_source()
        if not source:
            says = "None were found. Only AWS needs them, nothing that runs on this machine."
            return [warning("credentials", says, "aws configure, or set AWS_PROFILE; then run this again")]
        who = aws.identity
    except (BotoCoreError, ClientError) as error:
        if is_about_credentials(error):
            return [as_finding("problem", "credentials", error)]
        return [as_finding("warning", "AWS", error)]
    return [ok("credentials", f"{who['Arn']}, of account {who['Account']} ({source}).")]


def region_findings(aws: Aws) -> list[Finding]:
    """Known without a network."""
    where = aws.client("sagemaker").meta.endpoint_url
    known = aws.regions_of("sagemaker")
    if aws.region not in known:
        says = f"No SageMaker is known in {aws.region}. {did_you_mean(aws.region, known)}"
        return [warning("region", says, "Correct AWS_REGION, or region in sagemaker.toml.")]
    return [ok("region", f"{aws.region}; SageMaker is {where}.")]


def role_findings(aws: Aws, places: Places) -> list[Finding]:
    """The execution role: named, this account's, trusted by SageMaker, and with the permissions of a job."""
    if not places.role:
        says = "None is set; train, tune, deploy and transform need one that SageMaker works under."
        step = f"`{make('bootstrap')}` makes one; or name yours: SAGEMAKER_ROLE, or role in sagemaker.toml. {ROLES}"
        return [problem("role", says, step)]
    account = places.role.split(":")[4]
    if account != places.account:
        says = f"{places.role} is of account {account}, and the credentials are of {places.account}."
        return [problem("role", says, f"Name a role of account {places.account}: SAGEMAKER_ROLE, or sagemaker.toml.")]
    iam = aws.client("iam")
    try:
        found = iam.get_role(RoleName=places.role.rpartition("/")[2])["Role"]
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and error_code(error) in UNKNOWN:
            says = f"The account has no role {places.role}."
            return [problem("role", says, f"Correct SAGEMAKER_ROLE or role in sagemaker.toml, or make it: {ROLES}")]
        return [as_finding("warning", "role", error)]
    if found["Arn"] != places.role:
        says = f"{places.role} is not the role's ARN, which is {found['Arn']}."
        return [problem("role", says, f"role = {found['Arn']!r} in sagemaker.toml, or SAGEMAKER_ROLE")]
    if not trusts_sagemaker(found.get("AssumeRolePolicyDocument", {})):
        says = f"{places.role} does not trust {SERVICE}, so no job can work under it."
        return [problem("role", says, f"Let its trust policy allow sts:AssumeRole to the service {SERVICE}: {ROLES}")]
    try:
        without = denied(iam, places.role, needed(ROLE, places))
    except (BotoCoreError, ClientError) as error:
        return [ok("role", f"{places.role}, which SageMaker may take on."), as_finding("warning", "role", error)]
    if without:
        says = f"{places.role} may not: {', '.join(sorted({one.action for one in without}))}."
        return [
            problem(
                "role",
                says,
                f"Give the role these: `{make('bootstrap')} ARGS=--policies` prints them as {ROLE}, and "
                f"`{make('bootstrap')}` gives them to a role that it made.",
            )
        ]
    return [ok("role", f"{places.role}, which SageMaker may take on, with what a job needs.")]


def trusts_sagemaker(policy: dict[str, Any]) -> bool:
    """policy: a role's trust policy, as IAM's GetRole returns it."""
    statements = policy.get("Statement", [])
    for one in statements if isinstance(statements, list) else [statements]:
        principal = one.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if one.get("Effect") == "Allow" and SERVICE in ([services] if isinstance(services, str) else services):
            return True
    return False


def permission_findings(aws: Aws, places: Places) -> list[Finding]:
    """What these credentials may do, by verb."""
    who = aws.identity["Arn"]
    if who.endswith(":root"):
        step = "Make a user or a role for this work: https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html"
        return [warning("permissions", "These are the account's root credentials, which may do everything.", step)]
    iam = aws.client("iam")
    try:
        session = role_of_session(who)
        principal = iam.get_role(RoleName=session)["Role"]["Arn"] if session else who
        wanted = frozenset[Permission]().union(*of_verbs(places).values())
        without = lacking(denied(iam, principal, wanted), places)
    except (BotoCoreError, ClientError) as error:
        return [as_finding("warning", "permissions", error)]
    if without:
        says = "These credentials may not do all of: " + "; ".join(
            f"{verb} ({', '.join(actions)})" for verb, actions in without.items()
        )
        step = (
            f"Ask whoever administers the account for these actions: `{make('bootstrap')} ARGS=--policies` prints them."
        )
        return [problem("permissions", f"{says}.", step)]
    return [ok("permissions", f"IAM's simulation allows what {', '.join(VERBS)} need.")]


def bucket_findings(aws: Aws, places: Places) -> list[Finding]:
    name = f"s3://{places.bucket}"
    try:
        answer = aws.client("s3").head_bucket(Bucket=places.bucket, ExpectedBucketOwner=places.account)
        region = answer.get("BucketRegion") or answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    except ClientError as error:
        if error_code(error) in ("404", "NoSuchBucket"):
            return [warning("bucket", f"{name} is not there yet.", f"{make('upload')} makes it")]
        if is_denied(error):
            says = f"{name} is another account's, or these credentials may not list it."
            return [problem("bucket", says, "Name your own: SAGEMAKER_BUCKET, or bucket in sagemaker.toml.")]
        region = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region")
        if not region:
            return [as_finding("warning", "bucket", error)]
    except BotoCoreError as error:
        return [as_finding("warning", "bucket", error)]
    if region and region != aws.region:
        says = f"{name} is in {region}, and jobs run in {aws.region}: SageMaker refuses that."
        return [
            problem("bucket", says, f"Set AWS_REGION={region}, or name a bucket of {aws.region}: SAGEMAKER_BUCKET.")
        ]
    return [ok("bucket", f"{name} is this account's, in {aws.region}.")]


def quotas_of_account(aws: Aws) -> list[Finding]:
    wanted = wanted_quotas(aws.settings)
    try:
        found = read_quotas(aws.client("service-quotas"), wanted)
    except (BotoCoreError, ClientError) as error:
        return [as_finding("warning", "quota", error)]
    return quota_findings(wanted, found, aws.region)


def as_finding(level: str, subject: str, error: Exception) -> Finding:
    """What AWS or its client said. level: "warning" or "problem"."""
    text = explain(error).rstrip(".")
    said, _, step = text.rpartition(". ")
    if not said or step.endswith(")"):  # the code of a refusal for which there is no step
        said, step = text, "The other lines hold without it; whoever administers the account may know more"
    return (problem if level == "problem" else warning)(subject, f"{said}.", f"{step}.")
