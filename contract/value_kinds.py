"""What a hyperparameter's text may be, and how it becomes a value.

SageMaker hands every value over as a string. SDK v2 wraps values in a second pair of quotes (`"64"`), boto3 and SDK v3
do not (`64`): both mean the same here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# The toolkit's JSON decoding turns `true` into Python's `True` before it makes the argument.
BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def unquoted(text: str) -> str:
    return text.strip().strip('"')


@dataclass(frozen=True)
class Text:
    """Any text. described: the column `range` of the documentation."""

    described: str

    def read(self, text: str) -> str:
        return unquoted(text)


@dataclass(frozen=True)
class OneOf:
    choices: tuple[str, ...]

    def read(self, text: str) -> str:
        """Raises ValueError: `must be ...`."""
        if unquoted(text) not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}, not {text!r}")
        return unquoted(text)

    @property
    def described(self) -> str:
        return ", ".join(f"`{one}`" for one in self.choices)


@dataclass(frozen=True)
class Boolean:
    described: str = "`true`, `false`"

    def read(self, text: str) -> bool:
        """Raises ValueError: `must be ...`."""
        if unquoted(text).lower() not in BOOLEANS:
            raise ValueError(f"must be true or false, not {text!r}")
        return BOOLEANS[unquoted(text).lower()]


@dataclass(frozen=True)
class Number:
    """low belongs to it unless `above`; high always does."""

    low: float
    high: float
    above: bool = False

    def read(self, text: str) -> float:
        """Raises ValueError: `must be ...`."""
        try:
            number = float(unquoted(text))
        except ValueError:
            raise ValueError(f"must be a number, not {text!r}") from None
        if not (self.low < number if self.above else self.low <= number) or not number <= self.high:
            bound = "above" if self.above else "at least"
            raise ValueError(f"must be {bound} {self.low} and at most {self.high}, not {unquoted(text)}")
        return number

    @property
    def described(self) -> str:
        return f"above {self.low:g}, at most {self.high:g}" if self.above else f"{self.low:g} to {_shown(self.high)}"


@dataclass(frozen=True)
class Whole:
    """Both bounds belong to it."""

    low: int
    high: int

    def read(self, text: str) -> int:
        """Raises ValueError: `must be ...`. A tuning job may send 64.0."""
        try:
            number = float(unquoted(text))
            whole = int(number)
        except (ValueError, OverflowError):
            raise ValueError(f"must be a whole number, not {text!r}") from None
        if whole != number:
            raise ValueError(f"must be a whole number, not {text!r}")
        if not self.low <= whole <= self.high:
            raise ValueError(f"must be at least {self.low} and at most {self.high}, not {unquoted(text)}")
        return whole

    @property
    def described(self) -> str:
        return f"{self.low} to {self.high:,}"


@dataclass(frozen=True)
class Parsed:
    """A small language of its own. parse: raises ValueError with a sentence."""

    parse: Callable[[str], Any]
    described: str

    def read(self, text: str) -> Any:
        """Raises ValueError."""
        try:
            return self.parse(unquoted(text))
        except ValueError as error:
            raise ValueError(str(error).removesuffix(".")) from None


Kind = Text | OneOf | Boolean | Number | Whole | Parsed


def _shown(number: float) -> str:
    return f"{int(number):,}" if number == int(number) else f"{number:g}"
