"""Rules about the numbers that flow through the network: VanishingGradient, ExplodingTensor, DeadRelu,
PoorWeightInitialization.
"""

import math

import numpy as np

from container.debugging.built_in_rule import BuiltInRule, SavedStep
from container.debugging.smdebug_library import Trial
from contract.rule_parameters import Value


def vanishing(means: dict[str, float], threshold: float) -> list[str]:
    """Names of the gradients whose mean absolute value is below the threshold, the smallest first."""
    return sorted((name for name, mean in means.items() if mean < threshold), key=means.__getitem__)


class VanishingGradient(BuiltInRule):
    """Fires for gradients so small that their layers do not learn. Looks at the gradients of weights.

    That of a bias may be 0 by design: a bias before a batch normalisation has no effect.
    """

    def examine(self, step: SavedStep) -> str | None:
        names = [name for name in step.names(["gradients"]) if not name.endswith("bias")]
        means = {name: mean for name in names if (mean := step.reduction(name, "mean", absolute=True)) is not None}
        threshold = self.parameters["threshold"]
        if not (found := vanishing(means, threshold)):
            return None
        return (
            f"{len(found)} of {len(means)} gradients have a mean absolute value below {threshold:g} at {step}; the "
            "smallest is that of "
            f"{found[0].removeprefix('gradient/')} with {means[found[0]]:.3g}. These layers do not learn: check lr, "
            "or take an arch "
            "with normalisation and residual connections, and ReLUs for sigmoids."
        )


def explodes(extremes: tuple[float, ...], only_nan: bool) -> bool:
    """extremes: the smallest and the largest number of a tensor; both are NaN when one of its numbers is."""
    return any(math.isnan(one) or (math.isinf(one) and not only_nan) for one in extremes)


class ExplodingTensor(BuiltInRule):
    """Fires for tensors with numbers that are infinite or NaN.

    Looks at every saved tensor, unless collection_names or tensor_regex say which.
    """

    def examine(self, step: SavedStep) -> str | None:
        names = (
            self._named(step)
            if self.parameters["collection_names"] or self.parameters["tensor_regex"]
            else step.names(regex=".*")
        )
        found = []
        for name in names:
            extremes = tuple(
                one for one in (step.reduction(name, "min"), step.reduction(name, "max")) if one is not None
            )
            if explodes(extremes, self.parameters["only_nan"]):
                found.append((name, extremes))
        if not found:
            return None
        name, extremes = found[0]
        return (
            f"{len(found)} of {len(names)} tensors have numbers that are not finite at {step}; the first is {name}, "
            "from "
            f"{' to '.join(format(one, 'g') for one in extremes)}. Lower lr, or set mixed-precision=false."
        )


def dead_percent(activity: np.ndarray, threshold_inactivity: float) -> float:
    """Percentage of units that are active in less than the threshold, percent, of their inputs.

    activity: float [units], the share of each unit's outputs that is above 0, 0..1.
    """
    return float(100 * np.mean(100 * activity < threshold_inactivity))


class DeadRelu(BuiltInRule):
    """Fires for ReLUs of which too many units give nothing but zeros, whatever their input is.

    A unit is a channel after a convolution, and a neuron after a fully connected layer; its activity is over examples
    and positions.
    """

    def examine(self, step: SavedStep) -> str | None:
        parameters = self.parameters
        found = {}
        for name in step.names(["relu_output"], parameters["tensor_regex"]):
            activity = self._activity(step, name)
            if (
                activity is not None
                and (dead := dead_percent(activity, parameters["threshold_inactivity"])) > parameters["threshold_layer"]
            ):
                found[name] = dead
        if not found:
            return None
        name = max(found, key=found.__getitem__)
        return (
            f"{len(found)} of the layers of ReLUs {'is' if len(found) == 1 else 'are'} more than "
            f"{parameters['threshold_layer']:g} % dead at {step}, most of all "
            f"{name.rsplit('_output', 1)[0]} with {found[name]:.0f} %: they are active for less than "
            f"{parameters['threshold_inactivity']:g} % of "
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
        # Without units it is all of them, or one at least that lives.
        return None if largest is None else np.array([float(largest > 0)])


# From the 5th to the 95th percentile of a normal distribution, in standard deviations.
PERCENTILES_APART = 3.29


def does_not_improve(losses: list[float], patience: int) -> bool:
    """Whether none of the last `patience` losses is below all those before them."""
    return len(losses) > patience and not any(loss < min(losses[:-patience]) for loss in losses[-patience:])


def suspicious(
    variances: dict[str, float], ranges: dict[str, float], threshold: float, distribution_range: float
) -> str | None:
    """What is unusual in the first steps, as a part of a sentence, or None.

    Args:
        variances: of the inputs of each activation.
        ranges: from the 5th to the 95th percentile of each gradient.
        threshold: largest ratio of two variances that is usual.
        distribution_range: smallest range that is usual.
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
    """Fires when something is unusual in the first `steps` saved training steps and the loss does not improve.

    Residual networks are unusual in this sense when they are healthy, since their variance grows from block to block.
    So neither sign is enough without the loss.
    """

    def __init__(self, base_trial: Trial, **parameters: Value):
        super().__init__(base_trial, **parameters)
        self._losses: list[float] = []
        self._sign: str | None = None

    def examine(self, step: SavedStep) -> str | None:
        if step.mode != "TRAIN" or len(self._losses) >= self.parameters["steps"]:
            return None
        for name in step.names(["losses"])[:1]:
            if (value := step.value(name)) is not None:
                self._losses.append(value.item())
        parameters = self.parameters
        if self._sign is None:
            inputs = step.names(["relu_input"], parameters["activation_inputs_regex"])
            variances = {name: std**2 for name in inputs if (std := step.reduction(name, "std")) is not None}
            gradients = [name for name in step.names(["gradients"]) if name.endswith("weight")]
            ranges = {name: found for name in gradients if (found := _range(step, name)) is not None}
            self._sign = suspicious(variances, ranges, parameters["threshold"], parameters["distribution_range"])
        if self._sign is None or not does_not_improve(self._losses, parameters["patience"]):
            return None
        return (
            f"The loss has not improved in the last {parameters['patience']} of the first {len(self._losses)} saved "
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
