"""The record of an object: what moto knows of it besides its bytes, as JSON and back."""

from datetime import datetime
from typing import Any

from moto.s3.models import OWNER, PERMISSION_FULL_CONTROL, FakeAcl, FakeGrant, FakeGrantee, FakeKey, get_canned_acl
from moto.utilities.utils import LowercaseDict

# Attributes of moto's key that JSON takes as they are. Setting one of them makes the record stale.
PLAIN = (
    "_etag",
    "_version_id",
    "_is_versioned",
    "_storage_class",
    "encryption",
    "kms_key_id",
    "bucket_key_enabled",
    "lock_mode",
    "lock_legal_status",
    "lock_until",
    "checksum_algorithm",
    "checksum_value",
    "checksum_type",
    "checksum_parts",
    "website_redirect_location",
)
WATCHED = frozenset({*PLAIN, "acl", "last_modified"})


def object_record(key: FakeKey, order: int, tags: dict[str, str]) -> dict[str, Any]:
    """`order` rises with every write: it decides which record of a key is the newest, and the order of versions."""
    return {
        "key": key.name,
        "size": key.contentsize,
        "order": order,
        "last_modified": key.last_modified.isoformat(),
        "metadata": dict(key.metadata),
        "tags": tags,
        "acl": _grants(key.acl),
        **{name: getattr(key, name) for name in PLAIN},
    }


def apply_record(record: dict[str, Any], key: FakeKey) -> None:
    """Set on `key` what its record says, except tags: moto keeps those with the backend."""
    key.contentsize = record["size"]
    key.last_modified = datetime.fromisoformat(record["last_modified"])
    key._metadata = LowercaseDict(record["metadata"])
    key.acl = _acl(record["acl"])
    for name in PLAIN:
        setattr(key, name, record[name])


def marker_record(name: str, version_id: str, order: int, last_modified: datetime) -> dict[str, Any]:
    """A delete marker: a version without bytes."""
    return {
        "key": name,
        "size": None,
        "order": order,
        "last_modified": last_modified.isoformat(),
        "_version_id": version_id,
    }


def _grants(acl: FakeAcl | None) -> list[Any] | None:
    """The grants of an access control list; None for the one that nearly every object has, private."""
    if acl is None:
        return []
    grants = [
        [[[one.id, one.uri, one.display_name] for one in grant.grantees], list(grant.permissions)]
        for grant in acl.grants
    ]
    return None if grants == [[[[OWNER, "", ""]], [PERMISSION_FULL_CONTROL]]] else grants


def _acl(grants: list[Any] | None) -> FakeAcl:
    if grants is None:
        return PRIVATE
    return FakeAcl(
        [FakeGrant([FakeGrantee(*grantee) for grantee in grantees], permissions) for grantees, permissions in grants]
    )


# One for all: moto replaces an object's list, it does not change it.
PRIVATE = get_canned_acl("private")
