"""Keys that requests may be signed with: whose they are, and when they end."""

from datetime import UTC, datetime, timedelta

import pytest
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from local_test.api.access_keys import AccessKeys
from local_test.host.identity import new_access_key

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/trains"
OWNER = new_access_key("AKIA")


@pytest.fixture
def keys():
    yield AccessKeys(OWNER, ACCOUNT)
    iam_backends[ACCOUNT].pop("aws", None)
    sts_backends[ACCOUNT].pop("aws", None)


def test_the_owners_key_is_found_and_no_other(keys):
    assert keys.find(OWNER.id) == OWNER
    assert keys.find("local") is None and keys.find("") is None and keys.find(OWNER.id.lower()) is None


def test_a_containers_key_ends_with_it(keys):
    one, two = keys.issue(ROLE), keys.issue(ROLE)
    assert one.id != two.id and one.session_token and one.id.startswith("ASIA")
    assert (keys.find(one.id), keys.find(two.id)) == (one, two)
    keys.end(one)
    keys.end(one)
    assert (keys.find(one.id), keys.find(two.id)) == (None, two)


def test_a_containers_key_is_its_roles_session_to_sts_until_it_ends(keys):
    sts = sts_backends[ACCOUNT]["aws"]
    key = keys.issue(ROLE)
    assert sts.get_caller_identity(key.id, "us-east-1")[1] == f"arn:aws:sts::{ACCOUNT}:assumed-role/trains/SageMaker"
    keys.end(key)
    assert sts.assumed_roles == [] and keys.find(key.id) is None


def test_an_assumed_roles_key_is_good_with_its_token_until_it_expires(keys):
    role = sts_backends[ACCOUNT]["aws"].assume_role(
        "us-east-1", "session", f"arn:aws:iam::{ACCOUNT}:role/r", "", 900, ""
    )
    found = keys.find(role.access_key_id)
    assert (found.secret, found.session_token) == (role.secret_access_key, role.session_token)
    assert keys.find(role.access_key_id, datetime.now(UTC) + timedelta(seconds=901)) is None


def test_an_iam_users_key_is_good_while_it_is_active(keys):
    iam = iam_backends[ACCOUNT]["aws"]
    iam.create_user("us-east-1", "someone")
    key = iam.create_access_key("someone")
    assert keys.find(key.access_key_id).secret == key.secret_access_key
    key.status = "Inactive"
    assert keys.find(key.access_key_id) is None
