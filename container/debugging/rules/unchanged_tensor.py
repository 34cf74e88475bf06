"""UnchangedTensor: tensors that should change and do not."""

from collections.abc import Sequence

import numpy as np

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.rules.learning_tensors import learning
from container.debugging.saved_step import SavedStep


def unchanged(values: Sequence[np.ndarray], rtol: float, atol: float) -> bool:
    """Whether all values are close to the first one, as numpy.allclose has it. values: of one shape."""
    return all(one.shape == values[0].shape and np.allclose(one, values[0], rtol, atol) for one in values[1:])


class UnchangedTensor(BuiltInRule):
    """Compares a tensor, or its reductions, over num_steps saved steps. Frozen parameters are left out."""

    def __init__(self, base_trial, **parameters):
        super().__init__(base_trial, **parameters)
        self._last: dict[str, list[np.ndarray]] = {}

    def examine(self, step: SavedStep) -> str | None:
        if step.mode != "TRAIN":
            return None
        chosen, names, found = self.parameters, self._chosen(step), []
        learns = set(learning(step, names))
        for name in names:
            last = self._last.setdefault(name, [])
            if name not in learns:
                last.clear()
                continue
            value = step.value(name)
            last.append(
                np.array([number for _, number in sorted(step.reductions(name).items())]) if value is None else value
            )
            del last[: -chosen["num_steps"]]
            if len(last) == chosen["num_steps"] and last[0].size and unchanged(last, chosen["rtol"], chosen["atol"]):
                found.append(name)
        if not found:
            return None
        return (
            f"{len(found)} of {len(names)} tensors are the same in the last {chosen['num_steps']} saved steps up to "
            f"{step}, within "
            f"{chosen['rtol']:g} of their size; the first is {found[0]}. Check that lr is not too small, and that the "
            "gradients are not 0."
        )
