"""A key of the account's own in KMS by which the bucket encrypts what is put into it, and who needs what on it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.findings import Finding, ok, warning
from scripts.aws.clients import Aws
from scripts.aws.permissions import Permission, denied
from scripts.aws.policy_documents import Places

ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")  # to read objects, and to write them
_OF_AWS = "alias/aws/s3"  # whoever may use the bucket may use this one


def own_key(encryption: Mapping[str, Any]) -> str | None:
    """ARN, id or alias of the key; None where the bucket encrypts by a key of S3's or AWS's. encryption:
    GetBucketEncryption's answer.
    """
    for rule in encryption["ServerSideEncryptionConfiguration"]["Rules"]:
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        key = default.get("KMSMasterKeyID", "")
        if default.get("SSEAlgorithm", "").startswith("aws:kms") and key and not key.endswith(_OF_AWS):
            return str(key)
    return None


def wants(key: str) -> str:
    """What follows from the key, as the end of a sentence."""
    return f"encrypts with the KMS key {key}: you and the role need {' and '.join(ACTIONS)} on it"


def key_findings(aws: Aws, places: Places) -> list[Finding]:
    """One where the bucket encrypts by a key of the account's own; none otherwise, nor where these credentials may not
    look: a bucket that is not there yet has no key, and most have none.
    """
    try:
        encryption = aws.client("s3").get_bucket_encryption(Bucket=places.bucket, ExpectedBucketOwner=places.account)
    except (BotoCoreError, ClientError):
        return []
    key = own_key(encryption)
    if key is None:
        return []
    if _may_use(aws, places, key):
        return [ok("bucket key", f"{key}, which the role may use.")]
    says = f"s3://{places.bucket} {wants(key)}, and IAM's simulation does not know that the role has them."
    return [
        warning("bucket key", says, "Allow both in the role's policy and in yours, or to both in the key's policy.")
    ]


def _may_use(aws: Aws, places: Places, key: str) -> bool:
    """As far as IAM's simulation of the role knows: it asks about ARNs of keys alone, and not about a key's policy."""
    if not places.role or ":key/" not in key:
        return False
    try:
        return not denied(aws.client("iam"), places.role, [Permission(action, key) for action in ACTIONS])
    except (BotoCoreError, ClientError):
        return False
