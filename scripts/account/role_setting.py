"""The setting `role` in sagemaker.toml, for the role that bootstrap makes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.config.variables import names_of

[VARIABLE] = names_of("role")


@dataclass(frozen=True)
class RoleSetting:
    """says: what becomes of the setting, in words. text: sagemaker.toml with it; None where the file stays as it is."""

    says: str
    text: str | None = None


def role_setting(name: str, arn: str, present: str, file: Path, environment: Mapping[str, str]) -> RoleSetting:
    """An empty setting is written; one that names another role stays, and the line that would name this one is said.

    Args:
        name: of the role that bootstrap makes.
        arn: its ARN.
        present: the setting as it is, from the environment or the file: a name, an ARN, or ''.
        file: sagemaker.toml.
        environment: the process's own.
    """
    line = f'role = "{name}"'
    if present in (name, arn):
        return RoleSetting("names this role already")
    if environment.get(VARIABLE):
        return RoleSetting(f"{VARIABLE} names another role; unset it, with {line} in {file.name}, for this one")
    text = with_role(file.read_text(encoding="utf-8"), name)
    if text is None:
        return RoleSetting(f"{file.name} names another role; for this one: {line}")
    return RoleSetting(f"{line} is written into {file.name}", text)


def with_role(text: str, name: str) -> str | None:
    """sagemaker.toml with the role in the place of an empty one, its comment where it was; None where there is none."""
    found = re.search(r'^role = ""( *)', text, re.MULTILINE)
    if not found:
        return None
    spaces = found[1] and " " * max(len(found[1]) - len(name), 1)
    return f'{text[: found.start()]}role = "{name}"{spaces}{text[found.end() :]}'
