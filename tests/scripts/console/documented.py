"""The fields that docs/aws.md names of each program's JSON document."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs/aws.md"


def fields(verb: str) -> set[str]:
    """What is between backquotes in the row of this target."""
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    [said] = [said for verbs, said in rows if f"`{verb}`" in verbs]
    return set(re.findall(r"`([a-z_]+)`", said))
