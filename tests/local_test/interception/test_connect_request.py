"""What is asked of the proxy: CONNECT to a host and a port, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_test.interception.proxy import ConnectRequest, connect_request


@pytest.mark.parametrize(
    ("line", "host", "port"),
    [
        (b"CONNECT STS.us-east-1.amazonaws.com:443 HTTP/1.1", "sts.us-east-1.amazonaws.com", 443),
        (b"CONNECT amazonaws.com.:443 HTTP/1.0", "amazonaws.com", 443),
        (b"CONNECT 10.0.0.1:8443 HTTP/1.1", "10.0.0.1", 8443),
        (b"CONNECT [2001:db8::1]:443 HTTP/1.1", "2001:db8::1", 443),
    ],
)
def test_host_and_port_are_read(line, host, port):
    head = line + b"\r\nHost: x\r\nproxy-authorization:  Basic abc \r\n\r\n"
    assert connect_request(head) == ConnectRequest(host, port, "Basic abc")
    assert connect_request(line + b"\r\n\r\n").authorization == ""


@pytest.mark.parametrize(
    "line", [b"GET http://a/ HTTP/1.1", b"OPTIONS * HTTP/1.1", b"PRI * HTTP/2.0", b"", b"CONNECT a"]
)
def test_every_other_request_is_refused(line):
    with pytest.raises(ValueError, match="takes CONNECT and nothing else"):
        connect_request(line + b"\r\n\r\n")


@pytest.mark.parametrize(
    "target", [b"a", b"a:", b":443", b"a:0", b"a:65536", b"a/b:443", b"a@b:443", b"-a:443", b"[a:443"]
)
def test_a_target_without_a_host_or_a_port_is_refused(target):
    with pytest.raises(ValueError, match="HOST:PORT"):
        connect_request(b"CONNECT " + target + b" HTTP/1.1\r\n\r\n")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_a_sentence(head):
    try:
        assert connect_request(head).port > 0
    except ValueError as error:
        assert str(error).endswith(".")
