"""Requests that name AWS's own hosts: which those are, and the bucket in a host's name."""

import pytest

from local_test.api.aws_hosts import at_own_address, bucket_of, is_aws_host, path_style
from local_test.api.http_request import RequestHead


@pytest.mark.parametrize(
    "host",
    [
        "sts.us-east-1.amazonaws.com",
        "STS.amazonaws.com:443",
        "amazonaws.com",
        "sagemaker.cn-north-1.amazonaws.com.cn",
        "sts.us-east-1.api.aws",
        "s3.amazonaws.com.",
    ],
)
def test_names_below_aws_s_domains_are_aws_s(host):
    assert is_aws_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "evilamazonaws.com", "amazonaws.com.evil.example", "amazonaws.community", "aws.amazon.com", "[::1]:443"],
)
def test_names_that_only_look_like_it_are_not(host):
    assert not is_aws_host(host)


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("b-1.s3.amazonaws.com", "b-1"),
        ("b.with.dots.s3.us-west-2.amazonaws.com:443", "b.with.dots"),
        ("b-1.s3-eu-west-1.amazonaws.com", "b-1"),
        ("b-1.s3.dualstack.us-gov-west-1.amazonaws.com", "b-1"),
        ("b-1.s3-accelerate.dualstack.amazonaws.com", "b-1"),
        ("b-1.s3-fips.us-east-2.amazonaws.com", "b-1"),
        ("b-1.s3.cn-north-1.amazonaws.com.cn", "b-1"),
        ("a.s3.b.s3.amazonaws.com", "a.s3.b"),
        ("s3.amazonaws.com", None),
        ("s3.us-east-1.amazonaws.com", None),
        ("s3-us-west-2.amazonaws.com", None),
        ("sts.us-east-1.amazonaws.com", None),
        ("b-1.s3.evil.example", None),
    ],
)
def test_a_host_of_s3_names_its_bucket(host, bucket):
    assert bucket_of(host) == bucket


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "/b-1"),
        ("/?list-type=2", "/b-1"),
        ("/a/b%20c", "/b-1/a/b%20c"),
        ("//twice", "/b-1//twice"),
    ],
)
def test_a_bucket_in_the_host_comes_before_the_path(target, path):
    assert path_style(RequestHead.of("GET", target, {"host": "b-1.s3.amazonaws.com"})).path == path
    assert path_style(RequestHead.of("GET", target, {"host": "127.0.0.1:1"})).path == target.partition("?")[0]


def test_what_answers_sees_its_own_address_and_the_bucket_in_the_path():
    environ = {"PATH_INFO": "/a/b c", "REQUEST_URI": "/a/b%20c?acl", "SERVER_PORT": "4567", "HTTP_HOST": "x"}
    head = RequestHead.of("GET", "/a/b%20c?acl", {"host": "b-1.s3.amazonaws.com"})
    assert at_own_address(head, environ).path == "/b-1/a/b%20c"
    assert environ == {
        "PATH_INFO": "/b-1/a/b c",
        "REQUEST_URI": "/b-1/a/b%20c?acl",
        "SERVER_PORT": "4567",
        "HTTP_HOST": "127.0.0.1:4567",
    }


def test_a_request_that_names_the_service_stays_as_it_is():
    environ = {"PATH_INFO": "/b/k", "REQUEST_URI": "/b/k", "SERVER_PORT": "4567", "HTTP_HOST": "localhost:4567"}
    before = dict(environ)
    head = RequestHead.of("GET", "/b/k", {"host": "localhost:4567"})
    assert at_own_address(head, environ) is head and environ == before
