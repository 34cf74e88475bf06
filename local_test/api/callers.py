"""Which programs may speak to the service, and which of them for all that its user may.

None but those that name it by its own address, and no web page: a page of any origin can send a browser to any address.
Browsers say so: with Origin, with Sec-Fetch-Site, or by asking before (OPTIONS).
https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/

Files of this machine, and the service itself, need the service's own key. A container's key, and what its IAM and STS
give out, stand for roles of an account: they reach what AWS would have, and nothing of this machine.
"""

from typing import NoReturn

from local_test.api.aws_hosts import is_aws_host
from local_test.api.errors import AccessRefused, Why
from local_test.api.http_request import RequestHead
from local_test.host.command import COMMAND
from local_test.storage.local_files import is_local

OF_BROWSERS = (
    "origin",
    "sec-fetch-site",
    "access-control-request-method",
)  # Node's fetch has Sec-Fetch-Mode, and is no page
WITH_OWN_KEY = (
    f"needs the local SageMaker's own key, which `{COMMAND} env` prints; a role's, such as a container has, does not do"
)


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


def refuse_command() -> NoReturn:
    """Raises AccessRefused: to be called when a command to the service itself comes from somebody else."""
    raise AccessRefused(Why.FORBIDDEN, f"A command to the service itself {WITH_OWN_KEY}.")


def check_no_files(value: object) -> None:
    """value: a JSON document, or headers. Raises AccessRefused when a file:// URI is anywhere in it."""
    if found := _file_uri(value):
        raise AccessRefused(Why.FORBIDDEN, f"{found} {WITH_OWN_KEY}.")


def _file_uri(value: object) -> str | None:
    if isinstance(value, str):
        return value if is_local(value) else None
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for one in parts if (found := _file_uri(one))), None)
