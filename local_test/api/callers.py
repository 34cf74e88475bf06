"""Which programs may speak to the service at all: those that name it by its own address, and no web page.

A page of any origin can send a browser to any address. Browsers say so: with Origin, with Sec-Fetch-Site, or by asking
before (OPTIONS). https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/"""

from local_test.api.access_refused import AccessRefused, Why
from local_test.api.aws_hosts import is_aws_host
from local_test.api.request_head import RequestHead

OF_BROWSERS = (
    "origin",
    "sec-fetch-site",
    "access-control-request-method",
)  # Node's fetch has Sec-Fetch-Mode, and is no page


def own_hosts(port: int, for_containers: str | None = None) -> frozenset[str]:
    """What a Host header may be. Another name that leads here was made by somebody else, to get around what browsers
    forbid (DNS rebinding).

    for_containers: host and port at which containers find the service.
    """
    return frozenset({f"127.0.0.1:{port}", f"localhost:{port}", *([for_containers] if for_containers else [])})


def check_caller(head: RequestHead, hosts: frozenset[str]) -> None:
    """Raises AccessRefused. AWS's own names come by the interception: nobody else can have one lead here."""
    host = head.headers.get("host", "").lower()
    if host not in hosts and not is_aws_host(host):
        raise AccessRefused(
            Why.FORBIDDEN,
            f"This service is not {head.headers.get('host', 'without a Host header')}: it answers to "
            f"{' and '.join(sorted(hosts))} only.",
        )
    if head.method == "OPTIONS" or any(name in head.headers for name in OF_BROWSERS):
        raise AccessRefused(
            Why.FORBIDDEN, "This service does not answer web pages. Use an AWS client, or a program of your own."
        )
