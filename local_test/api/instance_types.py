"""What a request may ask of its instances depends on whether their type has storage of its own.

Source: botocore, ResourceConfig.VolumeSizeInGB and VolumeKmsKeyId, and
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html
"""

import re

# A `d` behind the generation says so (`r5d`, `g4dn`, `p4de`); these families have it without the letter.
LOCAL_STORAGE = re.compile(r"[a-z]+[0-9]+[a-z]*d[a-z]*|gr?[5-9]e?|p[56][a-z]*(-[a-z0-9]+)?|trn[0-9]n?")


def has_local_storage(instance_type: str) -> bool:
    """`ml.g4dn.xlarge` has, `ml.m5.xlarge` has not."""
    return LOCAL_STORAGE.fullmatch(instance_type.split(".")[1]) is not None


def volume_key_problem(field: str, instance_type: str, key: str | None) -> str | None:
    """A sentence when a KMS key is given for a volume that is the instance's own. field: of the key."""
    if not key or not has_local_storage(instance_type):
        return None
    return (
        f"{field} cannot be given for {instance_type}, which has local storage and encrypts it itself. Remove it from "
        "the request."
    )
