"""Bucket policies. moto decides by every statement of theirs as if it had no condition, so that one which refuses
requests without TLS would refuse all.

Statements with a condition decide nothing here: a request that reached this service stands for one over TLS, and of
addresses, networks and organizations there are none.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
"""

import json

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket


def permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """What the bucket's policy says. Takes the place of FakeBucket.get_permission.

    Args:
        action: as `s3:GetObject`.
        resource: ARN of an object.
    """
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    unconditional = [one for one in statements if not one.get("Condition")]
    return IAMPolicy(json.dumps({**policy, "Statement": unconditional})).is_action_permitted(action, resource)
