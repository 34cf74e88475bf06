"""The proxies through which programs in containers, and the steps of a build, reach other hosts, as in a company's
network.

Docker's client names those for containers in its configuration; where it names none they are the shell's:
https://docs.docker.com/engine/cli/proxy/. SageMaker sets none. An isolated container gets none. Standard library only:
doctor looks at them on a machine that has nothing else.
"""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
EXCEPTIONS = "no_proxy"
EVERY_HOST = "*"  # of EXCEPTIONS; it counts where it stands alone
LOOPBACK = ("localhost", "127.0.0.1", "::1")
UNREACHABLE = "is a proxy on this machine's loopback, which containers do not reach: they go without it."
NAME_ANOTHER = (
    "Name one that they reach in Docker's configuration, https://docs.docker.com/engine/cli/proxy/, and start the "
    "local SageMaker anew; or name it in the Environment of a request."
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ContainerProxies:
    """variables: some of PROXIES and EXCEPTIONS, in small letters, with their values."""

    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_machine(cls, own: Mapping[str, str]) -> "ContainerProxies":
        """own: a shell's variables without any interception. The log names a proxy that containers cannot reach."""
        found = proxies_for_containers(own)
        for name in unreachable(found):
            logger.warning("%s %s %s", name.upper(), UNREACHABLE, NAME_ANOTHER)
        return cls({name: value for name, value in found.items() if name not in unreachable(found)})

    def environment(
        self, requested: Mapping[str, str], of_image: Mapping[str, str], local: Iterable[str]
    ) -> dict[str, str]:
        """What to add to a container's environment: the proxies that neither the request nor the image names, be it as
        empty, and no proxy for hosts that are here, whoever named it.

        Args:
            requested: the variables of the request, which win over those of the image.
            of_image: its variables.
            local: names or addresses of hosts that containers reach without any proxy, such as the service's own.
        """
        own = _small(of_image) | _small(requested)
        known = {**self.variables, **own}
        if not any(known.get(name) for name in PROXIES):
            return {}
        added = {name: value for name, value in self.variables.items() if name not in own}
        added[EXCEPTIONS] = with_exceptions(known.get(EXCEPTIONS, ""), local)
        return both_spellings(added)


def build_arguments(own: Mapping[str, str]) -> dict[str, str]:
    """For the steps of a build: https://docs.docker.com/reference/dockerfile/#predefined-args; they leave nothing in an
    image. own: a shell's variables without any interception.
    """
    return ContainerProxies.of_machine(own).environment({}, {}, [])


def proxies_for_containers(own: Mapping[str, str]) -> dict[str, str]:
    """Those of Docker's configuration if it names any, else the shell's: by variable, in small letters, none empty.

    own: a shell's variables without any interception.
    """
    configured = proxies_of_docker(_docker_configuration(own), own.get("DOCKER_HOST", ""))
    found = configured if any(name in configured for name in PROXIES) else {**_small(own), **configured}
    return {name: value for name, value in found.items() if value}


def unreachable(proxies: Mapping[str, str]) -> list[str]:
    """Variables whose proxy is on this machine's loopback, where containers find their own."""
    return [name for name in PROXIES if name in proxies and _is_loopback(proxies[name])]


def proxies_of_docker(configuration: object, docker_host: str) -> dict[str, str]:
    """By variable. configuration: of Docker's client. docker_host: the address of the engine, "" for the usual one."""
    by_engine = configuration.get("proxies") if isinstance(configuration, dict) else None
    found = (by_engine.get(docker_host) or by_engine.get("default")) if isinstance(by_engine, dict) else None
    if not isinstance(found, dict):
        return {}
    names = {f"{kind}Proxy": f"{kind}_proxy" for kind in ("http", "https", "all", "ftp", "no")}
    return {names[key]: str(value) for key, value in found.items() if key in names and value}


def with_exceptions(no_proxy: str, hosts: Iterable[str]) -> str:
    """NO_PROXY with this machine's loopback and some hosts behind what it names, each once."""
    named = dict.fromkeys([one.strip() for one in no_proxy.split(",") if one.strip()])
    return EVERY_HOST if EVERY_HOST in named else ",".join(named | dict.fromkeys([*LOOPBACK, *hosts]))


def both_spellings(variables: Mapping[str, str]) -> dict[str, str]:
    """Programs look for one or the other; apt and, of http_proxy, curl know small letters only."""
    return {**variables, **{name.upper(): value for name, value in variables.items()}}


def _docker_configuration(own: Mapping[str, str]) -> object:
    """Of Docker's client: https://docs.docker.com/reference/cli/docker/#configuration-files; None where there is none
    that can be read, as for the docker command.
    """
    folder = own.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
    try:
        return json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _small(variables: Mapping[str, str]) -> dict[str, str]:
    """Those that concern proxies, in small letters, which win over capitals where they are not empty."""
    names = (*PROXIES, EXCEPTIONS)
    return {
        name: variables.get(name) or variables.get(name.upper(), "")
        for name in names
        if name in variables or name.upper() in variables
    }


def _is_loopback(proxy: str) -> bool:
    try:
        host = urlsplit(proxy if "//" in proxy else f"http://{proxy}").hostname or ""
    except ValueError:  # no URL; whoever uses it says so
        return False
    return host in ("localhost", "::1") or host.startswith("127.")
