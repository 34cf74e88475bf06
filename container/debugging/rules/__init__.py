"""The built-in rules by name. Importing them imports smdebug, which takes seconds."""

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.rules.gradients_and_activations import (
    DeadRelu,
    ExplodingTensor,
    PoorWeightInitialization,
    VanishingGradient,
)
from container.debugging.rules.progress import LossNotDecreasing, Overfit, Overtraining, StalledTraining
from container.debugging.rules.weights import UnchangedTensor, WeightUpdateRatio

RULE_CLASSES: dict[str, type[BuiltInRule]] = {
    rule.__name__: rule
    for rule in (
        LossNotDecreasing,
        VanishingGradient,
        ExplodingTensor,
        Overfit,
        Overtraining,
        PoorWeightInitialization,
        DeadRelu,
        WeightUpdateRatio,
        UnchangedTensor,
        StalledTraining,
    )
}
