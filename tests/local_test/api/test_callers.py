"""Web pages, and names that lead here without being the service's own, are refused whatever they are signed with."""

import pytest

from local_test.api.callers import check_caller, own_hosts
from local_test.api.errors import AccessRefused, Why
from local_test.api.http_request import RequestHead

HOSTS = own_hosts(4567)


def refused(method="POST", **headers) -> bool:
    try:
        check_caller(
            RequestHead.of(method, "/", {name.replace("_", "-"): value for name, value in headers.items()}), HOSTS
        )
    except AccessRefused as error:
        assert error.why is Why.FORBIDDEN
        return True
    return False


@pytest.mark.parametrize("host", ["127.0.0.1:4567", "localhost:4567", "LOCALHOST:4567"])
def test_the_services_own_names_are_taken(host):
    assert not refused(host=host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example:4567",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1.evil.example:4567",
        "bucket.localhost:4567",
        "0.0.0.0:4567",
    ],
)
def test_another_name_is_refused(host):
    assert refused(host=host)


def test_a_request_without_a_host_is_refused():
    assert refused()


@pytest.mark.parametrize(
    "of_a_page",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:4567"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin", "sec_fetch_mode": "cors"},
        {"access_control_request_method": "POST"},
    ],
)
def test_what_a_browser_sends_is_refused(of_a_page):
    assert refused(host="127.0.0.1:4567", **of_a_page)


def test_a_program_that_fetches_as_node_does_is_taken():
    assert not refused("GET", host="127.0.0.1:4567", sec_fetch_mode="cors")


def test_a_preflight_is_refused():
    assert refused("OPTIONS", host="127.0.0.1:4567")
