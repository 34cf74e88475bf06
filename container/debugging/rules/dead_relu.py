"""DeadRelu: ReLUs that give nothing but zeros, for whatever they get."""

import numpy as np

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.saved_step import SavedStep


def dead_percent(activity: np.ndarray, threshold_inactivity: float) -> float:
    """float [units], each unit's share of active outputs, 0..1 -> percentage of units that are active in less than the
    threshold, percent.
    """
    return float(100 * np.mean(100 * activity < threshold_inactivity))


class DeadRelu(BuiltInRule):
    """A unit is a channel after a convolution, and a neuron after a fully connected layer; its activity is over
    examples and places.
    """

    def examine(self, step: SavedStep) -> str | None:
        chosen = self.parameters
        found = {}
        for name in step.names(["relu_output"], chosen["tensor_regex"]):
            activity = self._activity(step, name)
            if (
                activity is not None
                and (dead := dead_percent(activity, chosen["threshold_inactivity"])) > chosen["threshold_layer"]
            ):
                found[name] = dead
        if not found:
            return None
        name = max(found, key=found.__getitem__)
        return (
            f"{len(found)} of the layers of ReLUs {'is' if len(found) == 1 else 'are'} more than "
            f"{chosen['threshold_layer']:g} % dead at {step}, most of all "
            f"{name.rsplit('_output', 1)[0]} with {found[name]:.0f} %: they are active for less than "
            f"{chosen['threshold_inactivity']:g} % of "
            "their inputs. Lower lr, or begin with other weights."
        )

    @staticmethod
    def _activity(step: SavedStep, name: str) -> np.ndarray | None:
        saved = "_activity_".join(name.rsplit("_output_", 1))
        if step.has(saved):
            return step.value(saved)
        if (output := step.value(name)) is not None:
            return (output > 0).mean(axis=tuple(axis for axis in range(output.ndim) if axis != 1))
        largest = step.reduction(name, "max")
        return (
            None if largest is None else np.array([float(largest > 0)])
        )  # without units it is all of them, or one at least that lives
