"""What a container gets to reach AWS services with, and which callers are heard."""

import pytest
from moto.sts.models import sts_backends

from local_test.api.access_keys import AccessKeys
from local_test.host.container_access import DESKTOP_HOST, OF_THE_USER, ContainerAccess
from local_test.host.identity import new_access_key

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


class Engine:
    """What `through` asks an engine."""

    def __init__(self, **info):
        self._info = info

    def info(self):
        return self._info


@pytest.fixture
def keys():
    yield AccessKeys(new_access_key("AKIA"), ACCOUNT)
    sts_backends[ACCOUNT].pop("aws", None)


@pytest.fixture
def access(keys):
    made = ContainerAccess(keys, "eu-west-1", "172.17.0.1", ("172.17.0.0/16",))
    made.port = 4567
    return made


def test_a_container_gets_address_region_and_a_key_that_ends(access, keys):
    grant = access.grant(ROLE, {"EPOCHS": "3"})
    key = keys.find(grant.variables["AWS_ACCESS_KEY_ID"])
    assert grant.variables == {
        "AWS_ENDPOINT_URL": "http://172.17.0.1:4567",
        "S3_ENDPOINT_URL": "http://172.17.0.1:4567",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_SESSION_TOKEN": key.session_token,
    }
    assert access.grant(ROLE, {}).variables["AWS_ACCESS_KEY_ID"] != key.id
    grant.end()
    assert keys.find(key.id) is None


@pytest.mark.parametrize("name", OF_THE_USER)
def test_who_brings_credentials_or_an_address_gets_none_of_ours(access, name):
    assert access.grant(ROLE, {name: "x"}).variables == {}


def test_an_engine_whose_containers_cannot_come_here_is_named(keys):
    grant = ContainerAccess(keys, "us-east-1", None).grant(ROLE, {})
    assert grant.variables == {} and "cannot reach" in grant.missing


def test_only_containers_of_networks_that_are_admitted_are_heard(access):
    assert access.admits("172.17.0.2") and not access.admits("172.18.0.2") and not access.admits("192.168.1.7")
    end, again = access.admit("172.18.0.0/16"), access.admit("172.18.0.0/16")
    end()
    assert access.admits("172.18.0.2")
    again()
    assert not access.admits("172.18.0.2")


def test_docker_desktop_leads_to_loopback(keys):
    access = ContainerAccess.through(Engine(OperatingSystem="Docker Desktop"), keys, "us-east-1")
    access.port = 1
    assert (access.netloc, access.gateway) == (f"{DESKTOP_HOST}:1", None)


def test_a_rootless_engine_leads_nowhere(keys):
    access = ContainerAccess.through(Engine(SecurityOptions=["name=rootless"]), keys, "us-east-1")
    assert (access.netloc, access.gateway) == (None, None)
