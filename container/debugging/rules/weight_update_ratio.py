"""WeightUpdateRatio: steps that are too large or too small for the weights that they change."""

import numpy as np

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.rules.learning_tensors import learning
from container.debugging.saved_step import SavedStep

Summary = np.ndarray | dict[tuple[str, bool], float]  # a whole tensor, or its reductions


def update_ratio(before: Summary, after: Summary, epsilon: float) -> tuple[float, bool] | None:
    """Mean absolute change of a tensor over its mean absolute value before, and whether that is exact.

    Of reductions only a lower bound is known, by the triangle inequality on the L2 norms; equal reductions are taken
    for no change. None where not even the norms are there."""
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        return float(np.abs(after - before).mean() / (np.abs(before).mean() + epsilon)), True
    if isinstance(before, dict) and isinstance(after, dict) and ("l2", False) in before.keys() & after.keys():
        ratio = abs(after["l2", False] - before["l2", False]) / (before["l2", False] + epsilon)
        return ratio, before == after
    return None


def out_of_proportion(ratio: float, exact: bool, small_threshold: float, large_threshold: float) -> bool:
    """Whether an update is too large, or too small; a lower bound cannot tell the latter."""
    return ratio > large_threshold or (exact and ratio < small_threshold)


class WeightUpdateRatio(BuiltInRule):
    """Compares weights with those of the latest saved step that is at least num_steps earlier. Frozen ones are left
    out.
    """

    def __init__(self, base_trial, **parameters):
        super().__init__(base_trial, **parameters)
        self._earlier: dict[str, list[tuple[int, Summary]]] = {}

    def examine(self, step: SavedStep) -> str | None:
        if step.mode != "TRAIN":
            return None
        chosen, found = self.parameters, {}
        for name in learning(step, step.names(["weights"])):
            value = step.value(name)
            summary = step.reductions(name) if value is None else value
            earlier = self._earlier.setdefault(name, [])
            enough = [one for one in earlier if one[0] <= step.mode_step - chosen["num_steps"]]
            if enough:
                ratio = update_ratio(enough[-1][1], summary, chosen["epsilon"])
                if ratio and out_of_proportion(*ratio, chosen["small_threshold"], chosen["large_threshold"]):
                    found[name] = ratio[0], step.mode_step - enough[-1][0]
                del earlier[: len(enough) - 1]
            earlier.append((step.mode_step, summary))
        if not found:
            return None
        name, (ratio, steps) = max(found.items(), key=lambda one: one[1][0])
        return (
            f"{len(found)} weights changed out of proportion up to {step}: {name} by {ratio:.3g} times its size in "
            f"{steps} steps, where "
            f"{chosen['small_threshold']:g} to {chosen['large_threshold']:g} are expected. "
            f"{'Lower' if ratio > chosen['large_threshold'] else 'Raise'} lr."
        )
