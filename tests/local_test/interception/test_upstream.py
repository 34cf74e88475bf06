"""Which way a host is reached that is not AWS's."""

import pytest

from local_test.interception.upstream import Upstream

PROXY = "http://proxy.corp:3128"


@pytest.mark.parametrize(
    ("no_proxy", "straight"),
    [
        ("", False),
        ("pypi.org", True),
        (".pypi.org", True),
        ("*.pypi.org", True),
        ("files.pypi.org", False),
        ("ypi.org", False),
        ("other, .ORG", True),
        ("*", True),
    ],
)
def test_exceptions_go_straight_and_everything_else_through_the_proxy(no_proxy, straight):
    assert Upstream(PROXY, no_proxy).proxy_for("pypi.org") == ("" if straight else PROXY)


def test_without_a_proxy_everything_goes_straight():
    assert Upstream().proxy_for("pypi.org") == ""
