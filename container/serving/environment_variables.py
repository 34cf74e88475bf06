"""Environment variables read as the field sets them: what cannot be used as it stands is clamped or left out with a
warning.

A container's environment is not this image's alone: SDKs, JumpStart's models and a user's own code set names in it that
are the toolkit's, or that merely look like ours. Only this image's own names, which begin with PREFIX, and the
platform's ports can end a start."""

import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")
PREFIX = "DOGBREED_"
# The toolkit turns these into numbers when a model is loaded, whether it uses them or not, and fails on everything
# else. https://github.com/aws/sagemaker-inference-toolkit/blob/master/src/sagemaker_inference/environment.py
TOOLKIT_NUMBERS = (
    "SAGEMAKER_MODEL_SERVER_TIMEOUT",
    "SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS",
    "SAGEMAKER_STARTUP_TIMEOUT",
)
# Where one of these is set to nothing, the toolkit takes that for a name, a type or a folder.
TOOLKIT_TEXTS = ("SAGEMAKER_PROGRAM", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "SAGEMAKER_BASE_DIR")
MOST_SHOWN = 60  # characters of a value in a warning
MOST_DIGITS = 18  # of a number that is read; a longer one is as large as any


class WrongSetting(ValueError):
    """An environment variable cannot be used; the message names it."""


class Variables:
    """An environment that is read once; an empty variable is an unset one. warnings: sentences, of what was read so
    far.
    """

    def __init__(self, environment: Mapping[str, str]):
        self._environment = {name: value.strip() for name, value in environment.items() if value.strip()}
        self.warnings: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self._environment.get(name, default)

    def number(self, name: str, default: int, low: int, high: int, unit: str = "") -> int:
        """Of the toolkit's: the nearest number within `low` and `high`; `default` for what is no whole number. unit:
        for the warning.
        """
        given = self._environment.get(name)
        if given is None:
            return default
        number = _whole(given)
        if number is None:
            return self._instead(name, given, "is not a whole number", default)
        nearest = max(low, min(high, number))
        return (
            nearest if nearest == number else self._instead(name, given, f"is not from {low} to {high}{unit}", nearest)
        )

    def exact(self, name: str, default: int, low: int, high: int) -> int:
        """A number that nothing can stand in for. Raises WrongSetting."""
        given = self._environment.get(name)
        number = default if given is None else _whole(given)
        if number is None or not low <= number <= high:
            raise WrongSetting(
                f"The environment variable {name} must be a whole number from {low} to {high}, not {given!r}."
            )
        return number

    def switch(self, name: str) -> bool:
        """Of the toolkit's: what is neither true nor false is false, as there."""
        given = self.text(name, "false")
        if given.lower() not in ("true", "false"):
            return bool(self._instead(name, given, "is neither true nor false", False))
        return given.lower() == "true"

    def own_number(self, name: str, default: int, low: int, high: int) -> int:
        """Of this image's: PREFIX and `name` exactly, or `name` alone, which may be meant for somebody else. Raises
        WrongSetting.
        """
        if PREFIX + name in self._environment:
            return self.exact(PREFIX + name, default, low, high)
        return self._shared(name, lambda: self.number(name, default, low, high))

    def own_share(self, name: str) -> float | None:
        """Of this image's, 0 to 1; None where it is not set."""
        given = self._environment.get(PREFIX + name)
        if given is None:
            return self._shared(name, lambda: self._share(name))
        share = _number(given)
        if share is None or not 0 <= share <= 1:
            raise WrongSetting(f"The environment variable {PREFIX}{name} must be a number from 0 to 1, not {given!r}.")
        return share

    def own_switch(self, name: str) -> bool:
        given = self._environment.get(PREFIX + name)
        if given is None:
            return self._shared(name, lambda: self.switch(name))
        if given.lower() not in ("true", "false"):
            raise WrongSetting(f"The environment variable {PREFIX}{name} must be true or false, not {given!r}.")
        return given.lower() == "true"

    def log_level(self, name: str) -> int:
        """Of Python's logging: a number, as the toolkit has it, or a name."""
        given = self.text(name, "INFO")
        level = _whole(given) if given.isdecimal() else logging.getLevelName(given.upper())
        return (
            level
            if isinstance(level, int)
            else self._instead(name, given, "is no level such as 20 or INFO", logging.INFO)
        )

    def _share(self, name: str) -> float | None:
        given = self._environment.get(name)
        share = None if given is None else _number(given)
        if given is None or (share is not None and 0 <= share <= 1):
            return share
        return self._instead(name, given, "is not a number from 0 to 1", None)

    def _shared(self, name: str, read: Callable[[], T]) -> T:
        before = len(self.warnings)
        found = read()
        if len(self.warnings) > before:
            self.warnings[-1] += (
                f" If it is meant for your own code, leave it; this image's own name for it is {PREFIX}{name}."
            )
        return found

    def _instead(self, name: str, given: str, why: str, used: T) -> T:
        shown = given if len(given) <= MOST_SHOWN else f"{given[:MOST_SHOWN]}..."
        taken = "the default" if used is None else str(used).lower()
        self.warnings.append(f"The environment variable {name}={shown} {why}: {taken} is used.")
        return used


def unreadable_to_the_toolkit(environment: Mapping[str, str]) -> list[str]:
    """Names that would end the loading of a model inside the toolkit, to be taken out of the environment."""
    numbers = [name for name in TOOLKIT_NUMBERS if name in environment and _whole(environment[name].strip()) is None]
    return numbers + [name for name in TOOLKIT_TEXTS if name in environment and not environment[name].strip()]


def _whole(given: str) -> int | None:
    """None: it is no whole number."""
    sign, digits = (given[0], given[1:]) if given[:1] in ("+", "-") else ("", given)
    if not (digits.isascii() and digits.isdecimal()):
        return None
    return int(sign + (digits.lstrip("0")[:MOST_DIGITS] or "0"))


def _number(given: str) -> float | None:
    """None: it is no number."""
    try:
        return float(given)
    except ValueError:
        return None
