"""The operation that a request asks for, by the name that botocore has for it.

The query, JSON and CBOR protocols write the name into the request. In the REST protocols only method, path and query
say it, and botocore's models what they mean: https://smithy.io/2.0/spec/http-bindings.html"""

import gzip
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

from local_test.api.http_request import RequestHead
from local_test.storage.journal import operation_names

LABEL = re.compile(r"\{[^}]*\}")
METADATA = re.compile(r'"(signingName|endpointPrefix|protocol)"\s*:\s*"([^"]*)"')
# What AWS lets anybody ask for, without a signature: logins (`authtype: none` in botocore's models).
COGNITO = ("AWSCognitoIdentityService", "AWSCognitoIdentityProviderService")  # before the dot in X-Amz-Target
LOGINS = ("sso", "sso-oidc", "signin")  # botocore's names of services whose paths tell the operation


@dataclass(frozen=True)
class Route:
    """How a REST operation is asked for. path: of the whole path. query: literal name and value pairs. needed: names of
    parameters, and of headers in lower case, that it cannot be without. literal: characters of the path that are no
    label. deprecated: for another of the same path.
    """

    operation: str
    method: str
    path: re.Pattern[str]
    query: frozenset[tuple[str, str]]
    needed: frozenset[str]
    literal: int
    deprecated: bool

    def matches(self, head: RequestHead) -> bool:
        parameters = head.parameters()
        names = {*head.headers, *(name for name, _ in parameters)}
        return (
            head.method == self.method
            and self.query <= set(parameters)
            and self.needed <= names
            and self.path.fullmatch(head.path) is not None
        )

    def precedence(self) -> tuple[int, int, int, bool]:
        """More of a request counts before less of it."""
        return len(self.query), len(self.needed), self.literal, not self.deprecated


def asked_operation(service: str, head: RequestHead, body: bytes) -> str:
    """`CreateRole`; method and path where nothing says a name. service: of the signature's scope."""
    for name in (*operation_names(head.path, head.query, head.headers, body), dict(head.parameters()).get("x-id", "")):
        if name:
            return name
    return rest_operation(services_signed_as(service), head)


def rest_operation(services: Iterable[str], head: RequestHead) -> str:
    """What method, path and query say in a REST protocol; method and path where they say nothing. services: botocore's
    names.
    """
    found = [route for one in services for route in routes(one) if route.matches(head)]
    best = max(found, key=Route.precedence, default=None)
    return best.operation if best else f"{head.method} {head.path}"


def unsigned_operation(head: RequestHead) -> str | None:
    """`GetRoleCredentials`; None for a request that AWS wants signed, too.

    No login is here, and their requests are refused like every unsigned one. The name lets the refusal say what to do.
    """
    service, _, operation = head.headers.get("x-amz-target", "").partition(".")
    if operation:
        return operation if service in COGNITO else None
    return next((route.operation for name in LOGINS for route in routes(name) if route.matches(head)), None)


def services_signed_as(scope: str) -> list[str]:
    """botocore's names of the services whose requests are signed for this one: `monitoring` -> [`cloudwatch`]."""
    return _services()[scope]


@cache
def routes(service: str) -> tuple[Route, ...]:
    """Of a service in botocore's naming; none where its protocol names operations."""
    # A loader of its own keeps nothing: models are megabytes, and few are asked for.
    model = Loader(include_default_search_paths=True).load_service_model(service, "service-2")
    if not model["metadata"]["protocol"].startswith("rest-"):
        return ()
    return tuple(_route(name, one, model["shapes"]) for name, one in model["operations"].items())


def _route(name: str, operation: dict[str, Any], shapes: dict[str, Any]) -> Route:
    path, _, query = operation["http"]["requestUri"].partition("?")
    given = shapes[operation["input"]["shape"]] if "input" in operation else {}
    needed = []
    for key in given.get("required", ()):
        member = given["members"][key]
        if member.get("location") in ("querystring", "header"):
            written = member.get("locationName", key)
            needed.append(written.lower() if member["location"] == "header" else written)
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return Route(
        name,
        operation["http"]["method"],
        re.compile("".join(_pattern(part) for part in re.split(rf"({LABEL.pattern})", path)) + "/?"),
        frozenset((key, value) for key, _, value in pairs if key != "x-id"),
        frozenset(needed),
        len(LABEL.sub("", path)),
        operation.get("deprecated", False),
    )


def _pattern(part: str) -> str:
    if not LABEL.fullmatch(part):
        return re.escape(part)
    return ".+" if part.endswith("+}") else "[^/]+"


@cache
def _services() -> defaultdict[str, list[str]]:
    """From the first lines of every model that is installed: reading them whole would take seconds."""
    found = defaultdict(list)
    loader = Loader(include_default_search_paths=True)
    for name in loader.list_available_services("service-2"):
        newest = loader.determine_latest_version(name, "service-2")
        for model in (Path(folder, name, newest, "service-2.json.gz") for folder in loader.search_paths):
            if model.is_file():
                with gzip.open(model, "rt") as text:
                    facts = dict(METADATA.findall(text.read(4000).partition('"operations"')[0]))
                found[facts.get("signingName") or facts.get("endpointPrefix", name)].append(name)
                break
    return found
