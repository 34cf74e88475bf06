"""The local SageMaker's port on loopback, the proxies of this shell, and the certificates that it trusts."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from contract.findings import Finding, ok, problem, warning
from local_test.doctor.engine_facts import EngineFacts
from local_test.host.certificate_bundles import WITH_PIP, added_files, bundle_files
from local_test.host.command import COMMAND
from local_test.host.container_proxies import NAME_ANOTHER, UNREACHABLE, proxies_for_containers, unreachable
from local_test.host.container_proxies import PROXIES as PROXY_VARIABLES

LOOPBACK = "127.0.0.1"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True)
class PortFacts:
    """can_listen: on loopback, at any port. url: of the folder's service that runs, ''. earlier: the port that it had
    last, 0 before its first start. is_taken: by another program now.
    """

    can_listen: bool
    url: str = ""
    earlier: int = 0
    is_taken: bool = False


def look_at_port(state: Path) -> PortFacts:
    """state: the local SageMaker's folder, which may be missing."""
    can_listen = _can_listen(0)
    try:
        from local_test import service_address
    except ModuleNotFoundError:  # the Python packages are missing, and it cannot run
        return PortFacts(can_listen)
    if address := service_address.running(state):
        return PortFacts(can_listen, address.url, address.port)
    earlier = service_address.read(state)
    port = earlier.port if earlier else 0
    return PortFacts(can_listen, "", port, bool(port) and not _can_listen(port))


def port_findings(facts: PortFacts) -> list[Finding]:
    if not facts.can_listen:
        return [
            problem(
                "port", f"No program may listen at {LOOPBACK}.", "Switch the loopback interface on: ip link set lo up"
            )
        ]
    if facts.url:
        return [ok("port", f"The local SageMaker runs, at {facts.url}.")]
    if facts.is_taken:
        return [
            warning(
                "port",
                f"Another program has port {facts.earlier}, which the local SageMaker had: it will take a free one.",
                f'In shells that know the old one: eval "$({COMMAND} env)"',
            )
        ]
    where = f"port {facts.earlier} is free" if facts.earlier else "it will take a free port"
    return [ok("port", f"The local SageMaker does not run; {where}.")]


def proxies_of(environment: Mapping[str, str]) -> dict[str, str]:
    """By variable, in capitals, without a user's name and password. Small letters win, as for most programs."""
    found = {}
    for name in PROXIES:
        if value := environment.get(name.lower()) or environment.get(name):
            parts = urlsplit(value if "//" in value else f"http://{value}")
            found[name] = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return found


def proxy_findings(environment: Mapping[str, str], engine: EngineFacts) -> list[Finding]:
    proxies = proxies_of(environment)
    if not proxies:
        return [ok("proxies", "None is set.")]
    said = ", ".join(f"{name} is {value}" for name, value in proxies.items())
    past = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    found = []
    if any(one.strip() in ("*", LOOPBACK) for one in past.split(",")):
        found.append(ok("proxies", f"{said}; {LOOPBACK} is excepted."))
    else:
        found.append(
            warning(
                "proxies",
                f"{said}, and {LOOPBACK} is not excepted: programs that do not get their environment from "
                f"`{COMMAND} env` ask the proxy for the local SageMaker.",
                f"export NO_PROXY={','.join(filter(None, [past, LOOPBACK]))}",
            )
        )
    if engine.info and not (engine.info.get("HttpProxy") or engine.info.get("HttpsProxy")):
        found.append(
            warning(
                "proxies",
                "The Docker engine has none: it pulls images past this shell's proxy.",
                "If pulls fail: https://docs.docker.com/engine/daemon/proxy/",
            )
        )
    return found


def container_proxy_findings(own: Mapping[str, str]) -> list[Finding]:
    """None where no proxy is named. own: a shell's variables without any interception."""
    found = proxies_for_containers(own)
    lost = unreachable(found)
    named = ", ".join(name.upper() for name in PROXY_VARIABLES if name in found and name not in lost)
    return [
        *([ok("proxies", f"Containers that are not isolated get {named}.")] if named else []),
        *[warning("proxies", f"{name.upper()} {UNREACHABLE}", NAME_ANOTHER) for name in lost],
    ]


def certificate_findings(own: Mapping[str, str]) -> list[Finding]:
    """None where no variable names a bundle and the system's store is as it came. own: a shell's variables without any
    interception.
    """
    named = dict.fromkeys([own[name] for name in WITH_PIP if own.get(name)] + [str(file) for file in added_files()])
    if not named:
        return []
    try:
        bundle_files(own, WITH_PIP)
    except OSError as error:
        return [
            warning(
                "certificates",
                f"{error} Containers trust their image's alone.",
                f"Then start the local SageMaker anew: {COMMAND} down",
            )
        ]
    return [ok("certificates", f"Containers trust those of {', '.join(named)}, too.")]


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as a server does, past connections that end
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
