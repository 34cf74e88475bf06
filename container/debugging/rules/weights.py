"""Rules about weights that change too much, too little or not at all: WeightUpdateRatio, UnchangedTensor."""

from collections.abc import Sequence

import numpy as np

from container.debugging.built_in_rule import BuiltInRule, SavedStep
from container.debugging.smdebug_library import Trial
from contract.rule_parameters import Value

Summary = np.ndarray | dict[tuple[str, bool], float]  # a whole tensor, or its reductions


def update_ratio(before: Summary, after: Summary, epsilon: float) -> tuple[float, bool] | None:
    """Mean absolute change of a tensor over its mean absolute value before, and whether that is exact.

    Of reductions only a lower bound is known, by the triangle inequality on the L2 norms; equal reductions are taken
    for no change. None where not even the norms were saved.

    Args:
        before, after: the tensor at two steps.
        epsilon: added to the divisor.
    """
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        return float(np.abs(after - before).mean() / (np.abs(before).mean() + epsilon)), True
    if isinstance(before, dict) and isinstance(after, dict) and ("l2", False) in before.keys() & after.keys():
        ratio = abs(after["l2", False] - before["l2", False]) / (before["l2", False] + epsilon)
        return ratio, before == after
    return None


def out_of_proportion(ratio: float, exact: bool, small_threshold: float, large_threshold: float) -> bool:
    """Whether an update is too large or too small.

    Args:
        ratio: of `update_ratio`.
        exact: whether it is no lower bound, which cannot tell that an update is too small.
        small_threshold, large_threshold: what is in proportion lies between them.
    """
    return ratio > large_threshold or (exact and ratio < small_threshold)


class WeightUpdateRatio(BuiltInRule):
    """Fires when a weight changes out of proportion to its size.

    Compares it with the latest saved step that is at least num_steps earlier. Frozen weights are left out.
    """

    def __init__(self, base_trial: Trial, **parameters: Value):
        super().__init__(base_trial, **parameters)
        self._earlier: dict[str, list[tuple[int, Summary]]] = {}

    def examine(self, step: SavedStep) -> str | None:
        if step.mode != "TRAIN":
            return None
        parameters = self.parameters
        found: dict[str, tuple[float, int]] = {}
        for name in learning(step, step.names(["weights"])):
            value = step.value(name)
            summary = step.reductions(name) if value is None else value
            earlier = self._earlier.setdefault(name, [])
            enough = [one for one in earlier if one[0] <= step.mode_step - parameters["num_steps"]]
            if enough:
                change = update_ratio(enough[-1][1], summary, parameters["epsilon"])
                if change and out_of_proportion(*change, parameters["small_threshold"], parameters["large_threshold"]):
                    found[name] = change[0], step.mode_step - enough[-1][0]
                del earlier[: len(enough) - 1]
            earlier.append((step.mode_step, summary))
        if not found:
            return None
        name, (ratio, steps) = max(found.items(), key=lambda one: one[1][0])
        return (
            f"{len(found)} weights changed out of proportion up to {step}: {name} by {ratio:.3g} times its size in "
            f"{steps} steps, where "
            f"{parameters['small_threshold']:g} to {parameters['large_threshold']:g} are expected. "
            f"{'Lower' if ratio > parameters['large_threshold'] else 'Raise'} lr."
        )


def unchanged(values: Sequence[np.ndarray], rtol: float, atol: float) -> bool:
    """Whether all values are close to the first one, by numpy.allclose.

    Args:
        values: of one shape.
        rtol, atol: relative and absolute tolerance.
    """
    return all(one.shape == values[0].shape and np.allclose(one, values[0], rtol, atol) for one in values[1:])


class UnchangedTensor(BuiltInRule):
    """Fires when a tensor, or its reductions, stay the same over num_steps saved steps. Frozen ones are left out."""

    def __init__(self, base_trial: Trial, **parameters: Value):
        super().__init__(base_trial, **parameters)
        self._last: dict[str, list[np.ndarray]] = {}

    def examine(self, step: SavedStep) -> str | None:
        if step.mode != "TRAIN":
            return None
        parameters, names, found = self.parameters, self._named(step), []
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
            del last[: -parameters["num_steps"]]
            if (
                len(last) == parameters["num_steps"]
                and last[0].size
                and unchanged(last, parameters["rtol"], parameters["atol"])
            ):
                found.append(name)
        if not found:
            return None
        return (
            f"{len(found)} of {len(names)} tensors are the same in the last {parameters['num_steps']} saved steps "
            f"up to {step}, within {parameters['rtol']:g} of their size; the first is {found[0]}. "
            "Check that lr is not too small, and that the gradients are not 0."
        )


def learning(step: SavedStep, names: list[str]) -> list[str]:
    """The names without frozen parameters: those that had no gradient at this step, while others had one."""
    gradients = {name.removeprefix("gradient/") for name in step.names(["gradients"])}
    parameters = set(step.names(["weights", "biases"]))
    return [name for name in names if not gradients or name not in parameters or name in gradients]
