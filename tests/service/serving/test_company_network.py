"""An endpoint's container in a company's network: it goes through the proxies, and trusts what this machine does."""

from dataclasses import replace

import pytest

from local_test.host.container_proxies import ContainerProxies
from local_test.host.labels import ENDPOINT, find
from local_test.host.trusted_certificates import IN_CONTAINERS, PATH_IN_CONTAINERS, TrustedCertificates
from tests.local_test.interception.other_host import certificate
from tests.service.serving.harness import Harness, variant

PROXY = "http://proxy.example.com:3128"


@pytest.fixture
def service(platform, image, tmp_path):
    """One whose shell names a bundle."""
    (tmp_path / "authority.pem").write_bytes(certificate("proxy.example.com"))
    trusted = TrustedCertificates.of_machine({"SSL_CERT_FILE": str(tmp_path / "authority.pem")}, tmp_path)
    with Harness(replace(platform, trusted=trusted), image) as harness:
        yield harness


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, set(IN_CONTAINERS)),
        ({"environment": {"PIP_CERT": "/own.pem"}}, set(IN_CONTAINERS) - {"PIP_CERT"}),
        ({"EnableNetworkIsolation": True}, set()),
    ],
)
def test_it_is_told_of_the_bundle_unless_it_is_isolated_or_the_model_says_another(service, changes, told):
    service.in_service(service.create(service.create_config(variant(service.create_model(**changes)))))
    [container] = find(service.platform.engine, ENDPOINT, service.platform.service)
    container.reload()
    environment = dict(line.split("=", 1) for line in container.attrs["Config"]["Env"])
    assert {name for name in IN_CONTAINERS if environment.get(name) == PATH_IN_CONTAINERS} == told
    status, printed = container.exec_run(["cat", PATH_IN_CONTAINERS])
    assert (status == 0) == bool(told)
    if told:
        assert printed.decode() == service.platform.trusted.bundle.read_text()


@pytest.fixture
def behind_a_proxy(platform, image):
    with Harness(replace(platform, proxies=ContainerProxies({"https_proxy": PROXY})), image) as harness:
        yield harness


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, {"https_proxy": PROXY, "HTTPS_PROXY": PROXY}),
        ({"environment": {"https_proxy": "http://own:1"}}, {"https_proxy": "http://own:1"}),
        ({"environment": {"HTTPS_PROXY": ""}}, {"HTTPS_PROXY": ""}),
        ({"EnableNetworkIsolation": True}, {}),
    ],
)
def test_it_is_told_of_the_proxies_unless_it_is_isolated_or_the_model_says_another(behind_a_proxy, changes, told):
    service = behind_a_proxy
    service.in_service(service.create(service.create_config(variant(service.create_model(**changes)))))
    [container] = find(service.platform.engine, ENDPOINT, service.platform.service)
    container.reload()
    environment = dict(line.split("=", 1) for line in container.attrs["Config"]["Env"])
    assert {name: value for name, value in environment.items() if name.lower() == "https_proxy"} == told
    if any(told.values()):
        assert service.platform.container_access.host in environment["no_proxy"].split(",")
