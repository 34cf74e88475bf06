"""The tag that every resource of a project carries, so that a bill can be split by it."""

from typing import Any


def project_tags(prefix: str) -> list[dict[str, Any]]:
    return [{"Key": "project", "Value": prefix}]
