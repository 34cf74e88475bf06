"""Environment variables as lines that a shell, or a notebook, evaluates."""

import shlex
from collections.abc import Callable, Mapping

from local_test.interception.variables import BEFORE, PROXIES

SECRET = ("AWS_SECRET_ACCESS_KEY", *PROXIES, BEFORE)
Variables = dict[str, str | None]  # None: the variable is to be removed
_Line = Callable[[str, str | None], str]


def _sh(name: str, value: str | None) -> str:
    return f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str | None) -> str:
    """https://fishshell.com/docs/current/language.html#quotes: in single quotes, \\ and ' are escaped."""
    if value is None:
        return f"set -e {name};"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}';"


def _powershell(name: str, value: str | None) -> str:
    """https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules"""
    if value is None:
        return f"Remove-Item Env:{name} -ErrorAction SilentlyContinue"
    return f"$Env:{name} = '{value.replace(chr(39), chr(39) * 2)}'"


def _notebook(name: str, value: str | None) -> str:
    """IPython puts variables of its own in for {} and $, and has no magic to remove one from the environment.

    %env prints what it sets, and a notebook keeps what was printed: secrets are set without it."""
    if value is None:
        return f'__import__("os").environ.pop("{name}", None);'
    if name in SECRET or any(sign in value for sign in "{}$'\"\\"):
        return f'__import__("os").environ["{name}"] = {value!r}'
    return f"%env {name}={value}"


_LINES: Mapping[str, _Line] = {
    "sh": _sh,
    "bash": _sh,
    "zsh": _sh,
    "fish": _fish,
    "powershell": _powershell,
    "notebook": _notebook,
}
SHELLS = tuple(_LINES)


def shell_lines(shell: str, variables: Variables) -> list[str]:
    """shell: one of SHELLS."""
    return [_LINES[shell](name, value) for name, value in variables.items()]
