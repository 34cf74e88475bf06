"""One resource of the account: what is there of it, and the calls that make what is missing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scripts.aws.clients import Call
from scripts.config.names import project_tags

MADE_BY = {"made-by": "bootstrap"}  # what `delete --all` may take back
NOT_OURS = "is there, was not made by bootstrap, and stays as it is"


@dataclass(frozen=True)
class Step:
    """kind: as `role`. says: of the resource as it is, or as the calls make it. then: what is left to do by hand once
    they have been made.
    """

    kind: str
    name: str
    says: str
    calls: tuple[Call, ...] = ()
    then: str = ""


def bootstrap_tags(prefix: str) -> dict[str, str]:
    """The tags of what bootstrap makes."""
    return {one["Key"]: one["Value"] for one in project_tags(prefix)} | MADE_BY


def as_pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """`[{"Key": ..., "Value": ...}]`, as most services write tags."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def has_tags(pairs: Iterable[Mapping[str, str]], prefix: str) -> bool:
    """Whether bootstrap made what has these tags, for this project."""
    return bootstrap_tags(prefix).items() <= {one["Key"]: one["Value"] for one in pairs}.items()
