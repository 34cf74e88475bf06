"""VanishingGradient: gradients so small that layers do not learn."""

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.saved_step import SavedStep


def vanishing(means: dict[str, float], threshold: float) -> list[str]:
    """Names of the gradients whose mean absolute value is below the threshold, the smallest first."""
    return sorted((name for name, mean in means.items() if mean < threshold), key=means.__getitem__)


class VanishingGradient(BuiltInRule):
    """Looks at the gradients of weights. One of a bias may be nothing by design: a bias before a batch normalisation
    has no effect.
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
