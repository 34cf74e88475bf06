"""What was saved of one step, read through smdebug's trial."""

import re
from collections.abc import Iterable

import numpy as np

from container.debugging.smdebug_library import TensorUnavailableForStep


class SavedStep:
    """A step of a trial. number: that of all modes together; mode: its name; mode_step: the number that the mode itself
    counts.
    """

    def __init__(self, trial, number: int):
        self._trial, self.number = trial, number
        mode, self.mode_step = trial.mode_modestep(number)
        self.mode = mode.name
        self._names = trial.tensor_names(step=number)

    def __str__(self) -> str:
        return f"{'evaluation' if self.mode == 'EVAL' else 'step'} {self.mode_step}"

    def names(self, collections: Iterable[str] = (), regex: str = "") -> list[str]:
        """Names of the tensors that are in any of the collections or that regex finds; sorted."""
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
        """A reduction that is saved, or that of the whole tensor; None where neither is there."""
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
