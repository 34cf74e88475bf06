"""The access keys that a request may be signed with: the service's own, those of running containers, and those that its
IAM and STS gave out.
"""

import secrets
import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, sts_backends

from local_test.host.identity import AccessKey, new_access_key

SESSION = "SageMaker"
ALWAYS = 10 * 365 * 24 * 3600  # seconds: a key ends with its container, never before


class AccessKeys:
    """Safe to use from many threads."""

    def __init__(self, owner: AccessKey, account: str):
        """owner: the key of the service's user. account: whose IAM users and assumed roles count, too."""
        self._account = account
        self._lock = threading.Lock()
        self._owner = owner
        self._keys = {owner.id: owner}
        self._issued: dict[str, AssumedRole] = {}

    def owner_is(self, role: str) -> None:
        """The owner is a session of this role to STS, as in a notebook of SageMaker's: get_execution_role() of the SDKs
        looks there.
        """
        self._assume(self._owner, role)

    def find(self, id: str, now: datetime | None = None) -> AccessKey | None:
        """None for one that is unknown, inactive or over."""
        with self._lock:
            key = self._keys.get(id)
        key = key or self._assumed(id) or self._of_iam(id)
        return key if key and (key.expires is None or (now or datetime.now(UTC)) < key.expires) else None

    def issue(self, role: str) -> AccessKey:
        """A key for a container, with a session token, until `end`. Nothing writes it down: it does not survive the
        service.

        role: ARN of the role that its holder is to STS, in the session that the platform names SageMaker.
        """
        key = new_access_key("ASIA", session_token=secrets.token_urlsafe(48))
        with self._lock:
            self._keys[key.id] = key
            self._issued[key.id] = self._assume(key, role)
        return key

    def end(self, key: AccessKey) -> None:
        with self._lock:
            self._keys.pop(key.id, None)
            if assumed := self._issued.pop(key.id, None):
                sts_backends[self._account]["aws"].assumed_roles.remove(assumed)

    def _assume(self, key: AccessKey, role: str) -> AssumedRole:
        """moto's STS tells who a caller is from its list of assumed roles."""
        held: Any = SimpleNamespace(access_key_id=key.id, secret_access_key=key.secret)
        assumed = AssumedRole(self._account, "us-east-1", held, SESSION, role, "", ALWAYS, "")
        assumed.session_token = key.session_token or ""
        sts_backends[self._account]["aws"].assumed_roles.append(assumed)
        return assumed

    def _assumed(self, id: str) -> AccessKey | None:
        for backend in sts_backends[self._account].values():
            for role in backend.assumed_roles:
                if role.access_key_id == id:
                    return AccessKey(id, role.secret_access_key, role.session_token, _aware(role.expiration))
        return None

    def _of_iam(self, id: str) -> AccessKey | None:
        for backend in iam_backends[self._account].values():
            key = backend.access_keys.get(id)
            if key and key.status == "Active" and not key.role_arn:  # one of an assumed role needs its token
                return AccessKey(id, key.secret_access_key)
        return None


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
