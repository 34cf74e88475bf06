"""The built-in rules by name. Importing them imports smdebug, which takes seconds."""

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.rules.dead_relu import DeadRelu
from container.debugging.rules.exploding_tensor import ExplodingTensor
from container.debugging.rules.loss_not_decreasing import LossNotDecreasing
from container.debugging.rules.overfit import Overfit
from container.debugging.rules.overtraining import Overtraining
from container.debugging.rules.poor_weight_initialization import PoorWeightInitialization
from container.debugging.rules.stalled_training import StalledTraining
from container.debugging.rules.unchanged_tensor import UnchangedTensor
from container.debugging.rules.vanishing_gradient import VanishingGradient
from container.debugging.rules.weight_update_ratio import WeightUpdateRatio

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
