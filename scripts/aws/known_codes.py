"""Service Quotas' codes of SageMaker's quotas: with its code a quota is one request, without it some twenty.

A code is the same in every account and region. Those that were found once are kept in out/quota-codes.json.
"""

import json
from contextlib import suppress
from pathlib import Path

from contract.atomic_write import write_atomically

FILE = Path("out/quota-codes.json")
_OF_THE_DEFAULTS = {
    "ml.g4dn.xlarge for training job usage": "L-3F53BF0F",
    "ml.g4dn.xlarge for spot training job usage": "L-944F78BB",
    "ml.g4dn.xlarge for endpoint usage": "L-B67CFA0C",
    "ml.g4dn.xlarge for transform job usage": "L-4C5C5CA8",
}


def known_code(name: str) -> str | None:
    """name: a quota's, as Service Quotas has it. What it answers to the code must be of that name."""
    return {**_OF_THE_DEFAULTS, **_kept()}.get(name)


def keep_code(name: str, code: str) -> None:
    """A folder that cannot be written is no reason to end: the next program asks again."""
    with suppress(OSError):
        FILE.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(FILE, json.dumps({**_kept(), name: code}, indent=1) + "\n")


def _kept() -> dict[str, str]:
    try:
        found = json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
