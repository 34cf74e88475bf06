"""Kinds of settings: what a value may be, and how text from the environment becomes one.

Every kind has `from_text(text)`, text of an environment variable -> value, and `check(value)`; both raise ValueError
whose message goes on after the setting's name: "must be ...".
"""

import re
from dataclasses import dataclass

from scripts.config.ranges import MOST, Range, checked_range


@dataclass(frozen=True)
class Text:
    """A string that matches `pattern` as a whole; `meaning` is that pattern in words. Empty is allowed when
    `optional`.
    """

    pattern: str
    meaning: str
    optional: bool = False

    def from_text(self, text: str) -> str:
        return text

    def check(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"must be text in quotes, not {value!r}")
        if not (self.optional and not value) and not re.fullmatch(self.pattern, value):
            raise ValueError(f"must be {self.meaning}, not {value!r}")
        return value


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`."""

    low: int
    high: int

    def from_text(self, text: str) -> int:
        if not re.fullmatch(r"-?\d+", text):
            raise ValueError(f"must be a whole number, not {text!r}")
        return int(text)

    def check(self, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"must be a whole number, not {value!r}")
        if not self.low <= value <= self.high:
            raise ValueError(f"must be at least {self.low} and at most {self.high}, not {value}")
        return value


@dataclass(frozen=True)
class Positive:
    """A number above 0."""

    def from_text(self, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"must be a number, not {text!r}") from None

    def check(self, value: object) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < float("inf"):
            raise ValueError(f"must be a number above 0, not {value!r}")
        return float(value)


@dataclass(frozen=True)
class NotNegative(Positive):
    """A number of at least 0."""

    def check(self, value: object) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < float("inf"):
            raise ValueError(f"must be a number of at least 0, not {value!r}")
        return float(value)


@dataclass(frozen=True)
class Switch:
    """true or false."""

    def from_text(self, text: str) -> bool:
        meanings = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if text.lower() not in meanings:
            raise ValueError(f"must be true or false, not {text!r}")
        return meanings[text.lower()]

    def check(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false, without quotes, not {value!r}")
        return value


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    choices: tuple[str, ...]

    def from_text(self, text: str) -> str:
        return text

    def check(self, value: object) -> str:
        if value not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}, not {value!r}")
        return value


@dataclass(frozen=True)
class Names:
    """A list of names, at most `most`; separated by commas in the environment."""

    most: int

    def from_text(self, text: str) -> list[str]:
        return [name.strip() for name in text.split(",") if name.strip()]

    def check(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
            raise ValueError(f'must be a list of names such as ["one", "two"], not {value!r}')
        if len(value) > self.most:
            raise ValueError(f"must have at most {self.most} names, not {len(value)}")
        return tuple(value)


@dataclass(frozen=True)
class Table:
    """Names and values of the user's choice; every value becomes text, as SageMaker wants it."""

    pattern: str
    meaning: str

    def from_text(self, text: str) -> dict:
        raise ValueError("is a table: write it in sagemaker.toml")

    def check(self, value: object) -> dict[str, str]:
        for name, one in self._named(value).items():
            if not isinstance(one, (str, int, float)):
                raise ValueError(f"must have text, numbers, true or false as values; {name} is {one!r}")
        return {name: str(one).lower() if isinstance(one, bool) else str(one) for name, one in value.items()}

    def _named(self, value: object) -> dict:
        """The value, once it is a table with right names."""
        if not isinstance(value, dict):
            raise ValueError(f"must be a table, not {value!r}")
        for name in value:
            if not re.fullmatch(self.pattern, name):
                raise ValueError(f"has the name {name!r}; names must be {self.meaning}")
        return value


@dataclass(frozen=True)
class Ranges(Table):
    """Names of hyperparameters, and the range in which each is searched."""

    def check(self, value: object) -> dict[str, Range]:
        if len(self._named(value)) > MOST:
            raise ValueError(f"must have at most {MOST} hyperparameters, not {len(value)}")
        found = {}
        for name, one in value.items():
            try:
                found[name] = checked_range(one)
            except ValueError as error:
                raise ValueError(f"is wrong: {name} {error}") from None
        return found
