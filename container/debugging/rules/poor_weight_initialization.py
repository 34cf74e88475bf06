"""PoorWeightInitialization: the first weights keep the network from learning."""

import numpy as np

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.saved_step import SavedStep

# From the 5th to the 95th percentile of a normal distribution, in standard deviations.
PERCENTILES_APART = 3.29


def does_not_improve(losses: list[float], patience: int) -> bool:
    """Whether none of the last `patience` losses is below all those before them."""
    return len(losses) > patience and not any(loss < min(losses[:-patience]) for loss in losses[-patience:])


def suspicious(
    variances: dict[str, float], ranges: dict[str, float], threshold: float, distribution_range: float
) -> str | None:
    """What is unusual in the first steps, or None.

    variances: of what each activation gets; ranges: from the 5th to the 95th percentile of each gradient.
    """
    if variances:
        small, large = min(variances, key=variances.__getitem__), max(variances, key=variances.__getitem__)
        if not variances[large] <= threshold * variances[small]:
            ratio = f"{variances[large] / variances[small]:.3g} times" if variances[small] > 0 else "infinitely"
            modules = [name.rsplit("_input", 1)[0] for name in (large, small)]
            return (
                f"the inputs of {modules[0]} vary {ratio} as much as those of {modules[1]} ({threshold:g} times "
                f"are allowed)"
            )
    if ranges:
        narrow = min(ranges, key=ranges.__getitem__)
        if ranges[narrow] < distribution_range:
            parameter = narrow.removeprefix("gradient/")
            return (
                f"90 % of the gradient of {parameter} lie within {ranges[narrow]:.3g} (at least "
                f"{distribution_range:g} are expected)"
            )
    return None


class PoorWeightInitialization(BuiltInRule):
    """Looks at the first `steps` saved training steps. Fires when something is unusual there and the loss does not
    improve.

    Residual networks are unusual in this sense when they are healthy: their variance grows from block to block. So
    neither sign is enough without the loss."""

    def __init__(self, base_trial, **parameters):
        super().__init__(base_trial, **parameters)
        self._losses: list[float] = []
        self._sign: str | None = None

    def examine(self, step: SavedStep) -> str | None:
        if step.mode != "TRAIN" or len(self._losses) >= self.parameters["steps"]:
            return None
        for name in step.names(["losses"])[:1]:
            self._losses.append(step.value(name).item())
        chosen = self.parameters
        if self._sign is None:
            inputs = step.names(["relu_input"], chosen["activation_inputs_regex"])
            variances = {name: std**2 for name in inputs if (std := step.reduction(name, "std")) is not None}
            gradients = [name for name in step.names(["gradients"]) if name.endswith("weight")]
            ranges = {name: found for name in gradients if (found := _range(step, name)) is not None}
            self._sign = suspicious(variances, ranges, chosen["threshold"], chosen["distribution_range"])
        if self._sign is None or not does_not_improve(self._losses, chosen["patience"]):
            return None
        return (
            f"The loss has not improved in the last {chosen['patience']} of the first {len(self._losses)} saved "
            f"steps, up to {step} with "
            f"{self._losses[-1]:.4g}, and {self._sign}. Begin with pretrained weights (pretrained=auto), or lower lr."
        )


def _range(step: SavedStep, name: str) -> float | None:
    value = step.value(name)
    if value is not None:
        low, high = np.percentile(value, [5, 95])
        return float(high - low)
    std = step.reduction(name, "std")
    return None if std is None else PERCENTILES_APART * std
