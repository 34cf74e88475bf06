"""A planned call to AWS: `--dry-run` prints it, otherwise it is made, with the same request."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """service: boto3's name of it, `ecr`. operation: as AWS writes it, `CreateRepository`. request: its parameters."""

    service: str
    operation: str
    request: dict[str, Any]


def as_json(calls: list[Call]) -> str:
    """`[{"service": ..., "operation": ..., "request": {...}}, ...]`."""
    return json.dumps([vars(call) for call in calls], indent=2)
