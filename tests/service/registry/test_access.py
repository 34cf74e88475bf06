"""Who can use the registry: the user of ECR's token and the service; no job's container, and nobody without the
password.
"""

import http.client
import json
import socket
import uuid
from ipaddress import ip_network

import pytest

from local_test.host.labels import REGISTRY, filters
from local_test.registry.registry_api import RegistryApi, RegistryRefused
from local_test.registry.users import Credentials


@pytest.fixture
def container(client, name):
    [container] = client.containers.list(filters=filters(REGISTRY, name))
    return container


def test_docker_logs_in_pushes_and_pulls_with_the_token_that_ecr_hands_out(
    client, ecr, registry, docker, log_in, try_to_push, tiny
):
    assert ecr.get_authorization_token()["authorizationData"][0]["proxyEndpoint"] == f"http://{registry.host}"
    uri = ecr.create_repository(repositoryName="team/mine")["repository"]["repositoryUri"]
    before = try_to_push(tiny[0], "team/mine", "v1")
    assert before.returncode != 0 and (
        "no basic auth credentials" in before.stderr or "authentication required" in before.stderr
    )
    assert log_in(ecr) == "AWS"
    assert try_to_push(tiny[0], "team/mine", "v1").returncode == 0
    client.images.remove(f"{uri}:v1")
    assert docker("pull", f"{uri}:v1").returncode == 0
    assert client.images.get(f"{uri}:v1").id == client.images.get(tiny[0]).id
    assert docker("logout", registry.host).returncode == 0
    client.images.remove(f"{uri}:v1")
    assert docker("pull", f"{uri}:v1").returncode != 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v2/"),
        ("GET", "/v2/_catalog"),
        ("GET", "/v2/one/tags/list"),
        ("GET", "/v2/one/manifests/v1"),
        ("PUT", "/v2/one/manifests/v1"),
        ("POST", "/v2/one/blobs/uploads/"),
        ("DELETE", f"/v2/one/manifests/sha256:{'0' * 64}"),
        ("OPTIONS", "/v2/"),
        ("PUT", "/v2//one/manifests/v1"),
        ("GET", "/debug/vars"),
    ],
)
@pytest.mark.parametrize(
    "who", ["nobody", "AWS, another password", "the service, AWS's password", "AWS, none", "a header of its own"]
)
def test_without_a_user_s_password_every_request_is_refused(ecr, registry, method, path, who):
    ecr.create_repository(repositoryName="one")
    headers = {
        "nobody": {},
        "AWS, another password": {"Authorization": Credentials("AWS", "local").authorization},
        "the service, AWS's password": {
            "Authorization": Credentials(registry.users.service.user, registry.users.aws.password).authorization
        },
        "AWS, none": {"Authorization": Credentials("AWS", "").authorization},
        "a header of its own": {"X-Registry-User": registry.users.service.user},
    }[who]
    connection = http.client.HTTPConnection(registry.host)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    assert answer.status == 401 and body["errors"][0]["code"] == "UNAUTHORIZED"
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_the_user_of_the_token_cannot_name_himself_the_service(ecr, registry):
    connection = http.client.HTTPConnection(registry.host)
    headers = {"Authorization": registry.users.aws.authorization, "X-Registry-User": registry.users.service.user}
    connection.request("POST", "/v2/never-made/blobs/uploads/", headers=headers)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["errors"][0]["code"]) == (404, "NAME_UNKNOWN")
    connection.close()


def test_a_registry_takes_no_other_registry_s_password(registry, new_registry):
    other = new_registry()
    RegistryApi(other.host, other.users.service).ping()
    with pytest.raises(RegistryRefused, match="401"):
        RegistryApi(other.host, registry.users.service).ping()


def test_the_passwords_are_in_no_image_environment_label_or_command_line(client, registry, container):
    described = json.dumps([container.attrs, client.images.get(container.attrs["Image"]).attrs, container.top()])
    log = container.logs().decode()
    for user in (registry.users.aws, registry.users.service):
        assert user.password not in described and user.password not in log
    assert container.exec_run(["ls", "/etc/local-sagemaker-registry/users"]).exit_code == 0  # and yet it knows them
    assert (
        registry.users.aws.password.encode()
        not in container.exec_run(["cat", "/etc/local-sagemaker-registry/users"]).output
    )


def test_the_container_has_no_more_than_it_needs(container):
    host = container.attrs["HostConfig"]
    assert (host["CapDrop"], sorted(host["CapAdd"])) == (["ALL"], ["SETGID", "SETUID"])
    assert "no-new-privileges:true" in host["SecurityOpt"] and not host["Privileged"]
    assert host["PidsLimit"] == 512 and host["Memory"] == 0
    assert [binding["HostIp"] for bindings in host["PortBindings"].values() for binding in bindings] == ["127.0.0.1"]
    assert [line for line in container.attrs["Config"]["Env"] if "proxy" in line.lower()] == []


@pytest.fixture
def reaches(client, tiny):
    """Whether a container on a network can open a connection to an address."""

    def reaches(network, address, port):
        command = ["timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}"]
        container = client.containers.run(tiny[0], command, network=network, detach=True)
        try:
            return container.wait(timeout=60)["StatusCode"] == 0
        finally:
            container.remove(force=True)

    return reaches


@pytest.fixture
def jobs_network(client):
    """A network as a job of several instances has it."""
    network = client.networks.create(f"test-{uuid.uuid4().hex[:8]}", driver="bridge")
    yield network
    network.remove()


def test_a_job_s_container_does_not_reach_the_registry(client, registry, container, reaches, jobs_network):
    [own] = container.attrs["NetworkSettings"]["Networks"].values()
    assert own["NetworkID"] != client.networks.get("bridge").id
    port = int(registry.host.rpartition(":")[2])
    assert reaches(own["NetworkID"], own["IPAddress"], 5000)  # such a connection can be made, where the registry is
    for network in (client.networks.get("bridge"), client.networks.get(jobs_network.id)):
        gateway = str(ip_network(network.attrs["IPAM"]["Config"][0]["Subnet"])[1])
        assert not reaches(network.id, own["IPAddress"], 5000)
        for host_address in (gateway, own["Gateway"]):
            assert not reaches(network.id, host_address, port) and not reaches(network.id, host_address, 5000)
        with socket.create_server(
            ("0.0.0.0", 0)
        ) as listener:  # a service of the host that is not on loopback alone is reached
            assert reaches(network.id, gateway, listener.getsockname()[1])
