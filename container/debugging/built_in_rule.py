"""The base class of the built-in rules: smdebug's interface outside, and inside one saved step to look at."""

import re
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from container.debugging.smdebug_library import Rule, TensorUnavailableForStep, Trial
from contract.rule_parameters import COLLECTIONS, REGEX, Value, parameters_of


class SavedStep:
    """What was saved of one step, read through smdebug's trial.

    number: of the step, counted over all modes. mode: its name. mode_step: number of the step, counted in its mode.
    """

    def __init__(self, trial: Trial, number: int):
        self._trial, self.number = trial, number
        mode, self.mode_step = trial.mode_modestep(number)
        self.mode = mode.name
        self._names = trial.tensor_names(step=number)

    def __str__(self) -> str:
        return f"{'evaluation' if self.mode == 'EVAL' else 'step'} {self.mode_step}"

    def names(self, collections: Iterable[str] = (), regex: str = "") -> list[str]:
        """Names of the tensors that are in one of the collections or match the regular expression; sorted."""
        patterns = [re.compile(regex)] if regex else []
        listed: set[str] = set()
        for name in collections:
            if name in self._trial.collections():
                collection = self._trial.collection(name)
                listed |= collection.tensor_names
                patterns += map(re.compile, collection.include_regex)
        return [name for name in self._names if name in listed or any(pattern.search(name) for pattern in patterns)]

    def has(self, name: str) -> bool:
        return name in self._names

    def value(self, name: str) -> np.ndarray | None:
        """The whole tensor; None where only reductions of it are saved."""
        try:
            return np.asarray(self._trial.tensor(name).value(self.number))
        except TensorUnavailableForStep:
            return None

    def reduction(self, name: str, reduction: str, absolute: bool = False) -> float | None:
        """A saved reduction, or that of the whole tensor; None where neither was saved.

        Args:
            name: of the tensor.
            reduction: smdebug's name of it.
            absolute: of the absolute values.
        """
        try:
            return np.asarray(self._trial.tensor(name).reduction_value(self.number, reduction, abs=absolute)).item()
        except TensorUnavailableForStep:
            return None

    def reductions(self, name: str) -> dict[tuple[str, bool], float]:
        """The saved ones: smdebug's name and whether it is of the absolute values -> number."""
        return {
            kind: np.asarray(value).item()
            for kind, value in self._trial.tensor(name).reduction_values(self.number).items()
        }


class BuiltInRule(Rule):
    """A rule of this image. parameters: as in contract/rule_parameters.py; raises ValueError, a sentence, for others.

    finding: what the rule found at the step of the last violation, and what to do; empty before there is one.
    """

    def __init__(self, base_trial: Trial, **parameters: Value):
        super().__init__(base_trial, action_str="")
        # Each of the type that contract/rule_parameters.py has for it.
        self.parameters: dict[str, Any] = parameters_of(type(self).__name__, parameters)
        self.finding = ""

    def invoke_at_step(self, step: int) -> bool:
        """smdebug's interface: whether the rule's condition is met at a step, counted over all modes."""
        return self._note(self.examine(SavedStep(self.base_trial, step)))

    def wait(self, seconds: float) -> bool:
        """Whether the rule's condition is met `seconds` after the last step that there is. Only a few rules care."""
        return self._note(self.examine_pause(seconds))

    @abstractmethod
    def examine(self, step: SavedStep) -> str | None:
        """What is wrong at this step, or None. Called once for every step, in order."""

    def examine_pause(self, seconds: float) -> str | None:
        """What is wrong when there has been no new step for so many seconds, or None."""
        return None

    def _named(self, step: SavedStep, *collections: str) -> list[str]:
        """Names of the tensors that the user's parameters ask for, and of those in `collections`."""
        listed = str(self.parameters.get(COLLECTIONS, "")).replace(",", ";").split(";")
        return step.names([*collections, *filter(None, listed)], str(self.parameters.get(REGEX, "")))

    def _note(self, finding: str | None) -> bool:
        self.finding = finding or self.finding
        return finding is not None
