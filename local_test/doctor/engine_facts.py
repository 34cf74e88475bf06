"""The Docker engine: whether one answers, for whom, and what it says about itself."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.findings import Finding, ok, problem, warning


@dataclass(frozen=True)
class EngineFacts:
    """info: what the engine tells about itself (GET /info), {} where none answers. why_none: then a sentence. address:
    docker-py's name of it.

    gateway, subnet: of its default bridge, '' where this process has no part in it. is_apart: this process is in a
    container that the engine's containers do not reach. images: names of those that it has.
    """

    info: Mapping[str, Any] = field(default_factory=dict)
    why_none: str = ""
    address: str = ""
    gateway: str = ""
    subnet: str = ""
    is_apart: bool = False
    images: frozenset[str] = frozenset()


def look_at_engine() -> EngineFacts:
    """Asks it four times. It may hang: call it where somebody else watches the time."""
    try:
        from local_test.host.engine import NoEngine, bridge, connect
        from local_test.host.engine_reach import is_in_network_of_its_own
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]  # a checkout's folder docker/ passes for the package itself
        return EngineFacts(why_none=f"It was not asked, without the Python package {package}. See Python below.")
    try:
        client = connect()
    except NoEngine as error:
        return EngineFacts(why_none=str(error))
    info = client.info()
    found = bridge(client)
    return EngineFacts(
        info=info,
        address=client.api.base_url,
        gateway=found.gateway if found else "",
        subnet=found.subnet if found else "",
        is_apart=is_in_network_of_its_own(client),
        images=frozenset(tag for one in client.api.images() for tag in one.get("RepoTags") or []),
    )


def engine_findings(facts: EngineFacts) -> list[Finding]:
    if not facts.info:
        said, _, step = facts.why_none.partition(". ")
        return [problem("engine", f"{said.removesuffix('.')}.", step or "Start Docker, and run it again.")]
    from local_test.host.engine import emulation_note, published_ports_warning

    info = facts.info
    where = "" if facts.address.startswith("http+docker://") else f", at {facts.address}"
    said = (
        f"Docker {info.get('ServerVersion', '?')} on {info.get('OperatingSystem', 'an unknown system')} answers{where}."
    )
    found = [ok("engine", said)]
    if where and "DOCKER_HOST" in os.environ:
        found.append(
            warning(
                "engine",
                f"DOCKER_HOST names {facts.address}. An engine on another machine cannot mount this one's folders, "
                "from which jobs get their data.",
                "Where it is another machine: unset DOCKER_HOST",
            )
        )
    if facts.is_apart:
        found.append(
            problem(
                "engine",
                "This is a container with a network of its own: jobs and endpoints could not be reached from it.",
                "Start it with the machine's: docker run --network host ...",
            )
        )
    if note := emulation_note(dict(info)):
        found.append(warning("engine", note, "Nothing, if you have the time; else use an x86-64 machine."))
    if note := published_ports_warning(dict(info)):
        said, _, _ = note.partition(". Jobs and endpoints")
        found.append(warning("engine", f"{said}.", "Update Docker to 28 where others share your network."))
    return found
