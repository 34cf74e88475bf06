"""What building the images in a checkout of this repository needs; nothing of it matters to the installed tool."""

import os
from dataclasses import dataclass
from pathlib import Path

from contract.findings import Finding, ok, problem, warning
from local_test.doctor.command_output import command_output, last_line
from local_test.doctor.engine_facts import EngineFacts

IMAGES = ("train", "serve")


@dataclass(frozen=True)
class CheckoutFacts:
    """tag: of the images that this tree builds, '' where docker/tag.sh cannot tell; why_no_tag: then what it said.

    builder: the docker client that drives BuildKit, ''; why_no_builder: then what docker/buildkit_client.sh said.
    prefix: before `-train` and `-serve`.
    """

    tag: str
    why_no_tag: str
    builder: str
    why_no_builder: str
    prefix: str


def look_at_checkout(root: Path) -> CheckoutFacts:
    tag = command_output(root / "docker/tag.sh")
    builder = command_output(root / "docker/buildkit_client.sh")
    return CheckoutFacts(
        tag=tag.out.strip() if tag.status == 0 else "",
        why_no_tag=last_line(tag.err),
        builder=builder.out.strip() if builder.status == 0 else "",
        why_no_builder=last_line(builder.err),
        prefix=os.environ.get("IMAGE_PREFIX", "") or "dogbreed",
    )


def are_built(facts: CheckoutFacts, engine: EngineFacts) -> bool:
    return bool(facts.tag) and all(f"{facts.prefix}-{image}:{facts.tag}" in engine.images for image in IMAGES)


def checkout_findings(facts: CheckoutFacts, engine: EngineFacts) -> list[Finding]:
    found = []
    if facts.builder:
        found.append(ok("BuildKit", f"{facts.builder.split()[0]} can drive it."))
    else:
        said, _, step = facts.why_no_builder.partition(": ")
        found.append(problem("BuildKit", f"{said}.", step or "Install Docker's buildx plugin."))
    if not facts.tag:
        found.append(
            problem(
                "images",
                f"Their tag cannot be told: {facts.why_no_tag}",
                "Work in a clone of the repository, with git installed.",
            )
        )
    elif engine.info:
        found.append(_built(facts, engine))
    return found


def _built(facts: CheckoutFacts, engine: EngineFacts) -> Finding:
    names = f"{facts.prefix}-train and {facts.prefix}-serve, tag {facts.tag},"
    if are_built(facts, engine):
        return ok("images", f"{names} are built.")
    earlier = any(name.startswith(f"{facts.prefix}-train:") for name in engine.images)
    takes = "Seconds where only code has changed." if earlier else "The first build takes ten minutes or more."
    return warning("images", f"{names} are not built. {takes}", "make build")
