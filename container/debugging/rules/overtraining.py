"""Overtraining: training goes on although neither loss improves any more."""

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.rules.losses_of_evaluations import LossesOfEvaluations
from container.debugging.saved_step import SavedStep


def without_improvement(losses: list[float], delta: float) -> int:
    """How many losses at the end are none that is below the best before it by more than delta."""
    best, since = float("inf"), 0
    for loss in losses:
        improves = loss < best - delta
        best, since = (loss, 0) if improves else (best, since + 1)
    return since


class Overtraining(BuiltInRule):
    """Counts in evaluations: a single batch's loss may miss the best one by chance."""

    def __init__(self, base_trial, **parameters):
        super().__init__(base_trial, **parameters)
        self._losses = LossesOfEvaluations()
        self._training: list[float] = []
        self._validation: list[float] = []

    def examine(self, step: SavedStep) -> str | None:
        if (pair := self._losses.add(step)) is None:
            return None
        self._training.append(pair[0])
        self._validation.append(pair[1])
        chosen = self.parameters
        training, validation = (
            without_improvement(losses, chosen["delta"]) for losses in (self._training, self._validation)
        )
        if training < chosen["patience_train"] or validation < chosen["patience_validation"]:
            return None
        return (
            f"At {step} the training loss has not improved by {chosen['delta']:g} for {training} evaluations "
            "(allowed: fewer than "
            f"{chosen['patience_train']}), nor the validation loss for {validation} (fewer than "
            f"{chosen['patience_validation']}); its best was "
            f"{min(self._validation):.4g}. Train fewer epochs; the best epoch's model is the one that is kept."
        )
