"""Overfit: the validation loss is well above the training loss."""

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.rules.losses_of_evaluations import LossesOfEvaluations
from container.debugging.saved_step import SavedStep


def overfit_ratio(training_loss: float, validation_loss: float) -> float:
    """By how much the validation loss is above the training loss, as a share of the training loss. 0 where that is
    0.
    """
    return (validation_loss - training_loss) / training_loss if training_loss else 0.0


class Overfit(BuiltInRule):
    """Fires when the ratio is above ratio_threshold in more than `patience` evaluations one after another.

    The training program saves its losses less what label smoothing adds at least. mixup and CutMix make them larger
    still: with these the rule sees less than there is."""

    def __init__(self, base_trial, **parameters):
        super().__init__(base_trial, **parameters)
        self._losses = LossesOfEvaluations(self.parameters["tensor_regex"], self.parameters["start_step"])
        self._above = 0

    def examine(self, step: SavedStep) -> str | None:
        if (pair := self._losses.add(step)) is None:
            return None
        ratio = overfit_ratio(*pair)
        self._above = self._above + 1 if ratio > self.parameters["ratio_threshold"] else 0
        if self._above <= self.parameters["patience"]:
            return None
        return (
            f"At {step} the validation loss, {pair[1]:.4g}, is above the mean training loss, {pair[0]:.4g}, by "
            f"{100 * ratio:.0f} % of it; "
            f"{100 * self.parameters['ratio_threshold']:g} % are allowed. Add pictures, or raise weight-decay, "
            "dropout or augmentation."
        )
