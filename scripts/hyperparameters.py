"""Hyperparameters as the command line has them."""

import re

from scripts.failure import Failure

NAME = r"[a-z][a-z0-9_-]*"


def parse_hyperparameters(words: list[str]) -> dict[str, str]:
    """`["epochs=20", ...]` -> `{"epochs": "20", ...}`. Raises Failure for a word that is not of this form."""
    found = {}
    for word in words:
        if not re.fullmatch(rf"{NAME}=.+", word, re.DOTALL):
            raise Failure(f"The hyperparameter {word!r} must be written name=value, such as epochs=20.")
        name, _, found_value = word.partition("=")
        found[name] = found_value
    return found
