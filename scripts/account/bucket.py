"""The bucket: no public access, encrypted, the account's own objects, reached through TLS alone.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from scripts.account.step import NOT_OURS, Step, as_pairs, bootstrap_tags, has_tags
from scripts.aws.bucket_key import own_key, wants
from scripts.aws.clients import Aws, Call
from scripts.aws.policy_documents import TLS_ONLY, Places, policy_document
from scripts.console.failure import Failure, error_code

Found = TypeVar("Found")
_NO_PUBLIC_ACCESS = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
_OWN_OBJECTS = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
_ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


@dataclass(frozen=True)
class Protection:
    """words: what the bucket has with it. call: what sets it."""

    words: str
    call: Call


def bucket_step(aws: Aws, places: Places) -> Step:
    """Raises Failure for a bucket that is another account's, or in another region."""
    name = places.bucket
    if not _is_there(aws, name):
        protections = [*_settings(name), _tls_only(places, None)]
        tagging = {"Bucket": name, "Tagging": {"TagSet": as_pairs(bootstrap_tags(places.prefix))}}
        calls = (_creation(aws, name), Call("s3", "PutBucketTagging", tagging), *(one.call for one in protections))
        return Step("bucket", name, ", ".join(one.words for one in protections), calls)
    lacking, encryption = _lacking(aws, places)
    words = f"; it lacks: {', '.join(one.words for one in lacking)}" if lacking else ""
    if encryption is not None and (key := own_key(encryption)):
        words += f"; it {wants(key)}"
    if not _is_ours(aws, places):
        return Step("bucket", name, f"{NOT_OURS}{words}")
    return Step("bucket", name, f"is there{words}", tuple(one.call for one in lacking))


def removal_calls(aws: Aws, places: Places, stays: list[str]) -> list[Call]:
    """The call that removes the bucket, once the project's objects are gone, when bootstrap made it and nobody else has
    objects in it.
    """
    try:
        is_there = _is_there(aws, places.bucket)
    except Failure as failure:
        stays.append(str(failure).rstrip("."))
        return []
    if not is_there or not _is_ours(aws, places):
        return []
    if _has_others(aws.client("s3"), places):
        stays.append(f"the bucket {places.bucket}, for objects that are not below {places.prefix}/")
        return []
    return [Call("s3", "DeleteBucket", {"Bucket": places.bucket})]


def _is_there(aws: Aws, name: str) -> bool:
    try:
        region = aws.client("s3").head_bucket(Bucket=name).get("BucketRegion", aws.region)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return False
        if status == 403:
            raise Failure(
                f"The bucket {name} is another account's, or these credentials may not look at it. Name one of yours: "
                "SAGEMAKER_BUCKET, or bucket in sagemaker.toml."
            ) from error
        raise
    if region != aws.region:
        raise Failure(
            f"The bucket {name} is in {region}, and jobs run in {aws.region}. Name a bucket there: SAGEMAKER_BUCKET, "
            f"or bucket in sagemaker.toml; or set AWS_REGION={region}."
        )
    return True


def _creation(aws: Aws, name: str) -> Call:
    request: dict[str, Any] = {"Bucket": name}
    if aws.region != "us-east-1":  # the one region that S3 does not want to be named
        request["CreateBucketConfiguration"] = {"LocationConstraint": aws.region}
    return Call("s3", "CreateBucket", request)


def _settings(name: str) -> list[Protection]:
    return [
        Protection(
            "a block on public access",
            Call("s3", "PutPublicAccessBlock", {"Bucket": name, "PublicAccessBlockConfiguration": _NO_PUBLIC_ACCESS}),
        ),
        Protection(
            "encryption by default",
            Call("s3", "PutBucketEncryption", {"Bucket": name, "ServerSideEncryptionConfiguration": _ENCRYPTED}),
        ),
        Protection(
            "ownership of every object",
            Call("s3", "PutBucketOwnershipControls", {"Bucket": name, "OwnershipControls": _OWN_OBJECTS}),
        ),
    ]


def _tls_only(places: Places, present: dict[str, Any] | None) -> Protection:
    """present: the bucket's policy, whose statements stay."""
    policy = policy_document(TLS_ONLY, places)
    if present is not None:
        policy = {**present, "Statement": [*present["Statement"], *policy["Statement"]]}
    return Protection(
        "TLS for every request",
        Call("s3", "PutBucketPolicy", {"Bucket": places.bucket, "Policy": json.dumps(policy)}),
    )


def _lacking(aws: Aws, places: Places) -> tuple[list[Protection], dict[str, Any] | None]:
    """The protections that it lacks, and how it encrypts: GetBucketEncryption's answer."""
    s3, name = aws.client("s3"), places.bucket
    public = _unless_absent(lambda: s3.get_public_access_block(Bucket=name), "NoSuchPublicAccessBlockConfiguration")
    encryption = _unless_absent(
        lambda: s3.get_bucket_encryption(Bucket=name), "ServerSideEncryptionConfigurationNotFoundError"
    )
    ownership = _unless_absent(lambda: s3.get_bucket_ownership_controls(Bucket=name), "OwnershipControlsNotFoundError")
    policy = _unless_absent(lambda: json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]), "NoSuchBucketPolicy")
    has = [
        public is not None and public["PublicAccessBlockConfiguration"] == _NO_PUBLIC_ACCESS,
        encryption is not None,  # by a key of KMS as well
        ownership is not None and ownership["OwnershipControls"] == _OWN_OBJECTS,
        policy is not None and _is_tls_only(policy),
    ]
    protections = [*_settings(name), _tls_only(places, policy)]
    return [one for one, is_set in zip(protections, has, strict=True) if not is_set], encryption


def _is_tls_only(policy: dict[str, Any]) -> bool:
    return any(
        one["Effect"] == "Deny" and one.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for one in policy["Statement"]
    )


def _is_ours(aws: Aws, places: Places) -> bool:
    tags = _unless_absent(lambda: aws.client("s3").get_bucket_tagging(Bucket=places.bucket)["TagSet"], "NoSuchTagSet")
    return has_tags(tags or [], places.prefix)


def _has_others(s3: Any, places: Places) -> bool:
    """Whether any key does not begin with `<prefix>/`: such keys come before or after those in a listing, which is
    sorted.
    """
    own = f"{places.prefix}/"
    first = s3.list_objects_v2(Bucket=places.bucket, MaxKeys=1).get("Contents", [])
    after = s3.list_objects_v2(Bucket=places.bucket, MaxKeys=1, StartAfter=f"{own}\U0010ffff").get("Contents", [])
    return bool(after) or any(not one["Key"].startswith(own) for one in first)


def _unless_absent(look: Callable[[], Found], absent: str) -> Found | None:
    """What `look` returns; None where S3 answers with the code `absent`."""
    try:
        return look()
    except ClientError as error:
        if error_code(error) != absent:
            raise
        return None
