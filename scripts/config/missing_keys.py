"""Keys that a project's sagemaker.toml lacks, as one does that is older than this checkout: they have the values of the
checkout's own file.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from scripts.config.setting_types import is_table
from scripts.config.variables import section_of, variable_of

# What is each project's own: another's prefix, say, would be another's jobs for `delete` to end.
NEVER_TAKEN = ("prefix", "role", "bucket", "region")
Path = tuple[str, ...]


def missing_keys(settings: type[BaseModel], given: Mapping[str, Any]) -> list[Path]:
    """`("train", "shell")` of a key, `("costs",)` of a whole section; none of NEVER_TAKEN. given: the file's tables."""
    return [path for path in _missing(settings, given) if path[0] not in NEVER_TAKEN]


def completed(given: dict[str, Any], missing: Iterable[Path], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The tables with the missing keys, where `defaults` has them. defaults: the tables of the checkout's file."""
    found = copy.deepcopy(given)
    for *above, key in missing:
        table, own = found, defaults
        for name in above:
            table, own = table[name], own.get(name, {})
        if key in own:
            table[key] = own[key]
    return found


def in_words(settings: type[BaseModel], paths: Iterable[Path], environment: Mapping[str, str]) -> list[str]:
    """`train.shell`, `[costs]`: as they are written. A key that the environment has is left out."""
    found = []
    for path in paths:
        name = ".".join(path)
        if not variable_of(name, environment):
            found.append(f"[{name}]" if _is_headed(settings, path) else name)
    return found


def _missing(model: type[BaseModel], given: Mapping[str, Any], above: Path = ()) -> Iterator[Path]:
    for field in model.model_fields.values():
        path = (*above, str(field.alias))
        section = section_of(field)
        if path[-1] not in given:
            yield path
        elif section and isinstance(given[path[-1]], dict):
            yield from _missing(section, given[path[-1]], path)


def _is_headed(model: type[BaseModel], path: Path) -> bool:
    """Whether it stands below a line of its own, `[costs]`: a section, or a table of the user's own names."""
    field = next(one for one in model.model_fields.values() if one.alias == path[0])
    section = section_of(field)
    if section and len(path) > 1:
        return _is_headed(section, path[1:])
    return bool(section) or is_table(field.annotation)
