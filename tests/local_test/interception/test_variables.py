"""The variables of `env --intercept`: what it sets, what it lets by, and that `env` alone takes it back."""

import pytest

from local_test.interception.upstream import Upstream
from local_test.interception.variables import BEFORE, before, intercepting, upstream_of, without_aws

OURS = "http://local-sagemaker:secret@127.0.0.1:4568"
OWN = {
    "HTTPS_PROXY": "http://me:p%26w@proxy.corp:3128",
    "NO_PROXY": "internal,.amazonaws.com",
    "REQUESTS_CA_BUNDLE": "/etc/corp=a&b.pem",
    "SSL_CERT_FILE": "",
    "PATH": "/bin",
}


def test_proxy_and_bundle_are_ours_and_the_shell_s_own_come_back():
    changed = OWN | intercepting(OWN, OURS, "/state/ca-bundle.pem")
    assert changed["HTTPS_PROXY"] == changed["https_proxy"] == OURS
    assert {changed[name] for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")} == {
        "/state/ca-bundle.pem"
    }
    assert changed["NO_PROXY"] == "internal" and changed["PATH"] == "/bin"
    assert before(changed) == OWN
    again = before(changed)
    assert intercepting(again, OURS, "/state/ca-bundle.pem") == intercepting(OWN, OURS, "/state/ca-bundle.pem")


def test_a_proxy_that_was_set_since_is_the_shell_s_own():
    changed = OWN | intercepting(OWN, OURS, "/b") | {"HTTPS_PROXY": "http://other:1"}
    assert before(changed)["HTTPS_PROXY"] == "http://other:1" and BEFORE not in before(changed)


@pytest.mark.parametrize(
    ("own", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": "http://a:1"}, "http://a:1"),
        ({"HTTPS_PROXY": "http://a:1", "https_proxy": "http://b:1"}, "http://b:1"),
        ({"ALL_PROXY": "http://c:1"}, "http://c:1"),
        ({"HTTP_PROXY": "http://d:1"}, ""),
    ],
)
def test_the_shell_s_own_proxy_is_the_upstream(own, proxy):
    assert upstream_of(own | {"NO_PROXY": "internal"}) == Upstream(proxy, "internal")


@pytest.mark.parametrize(
    ("no_proxy", "left"),
    [
        ("", ""),
        ("localhost, 10.0.0.0/8,.corp", "localhost,10.0.0.0/8,.corp"),
        ("*", ""),
        (".amazonaws.com,a", "a"),
        ("amazonaws.com:443,a", "a"),
        ("*.amazonaws.com,a", "a"),
        ("s3.us-east-1.amazonaws.com,a", "a"),
        (".com,a", "a"),
        ("xamazonaws.com,a", "xamazonaws.com,a"),
        ("amazonaws.com.cn,.cn,a", "a"),
    ],
)
def test_no_exception_lets_a_host_of_aws_s_by(no_proxy, left):
    assert without_aws(no_proxy) == left
