"""Training and validation loss side by side: what the rules about overfitting look at."""

from statistics import fmean

from container.debugging.saved_step import SavedStep


class LossesOfEvaluations:
    """Brings together each evaluation's loss with the training losses since the evaluation before."""

    def __init__(self, regex: str = "", start_step: int = 0):
        self._regex, self._start_step, self._training = regex, start_step, []

    def add(self, step: SavedStep) -> tuple[float, float] | None:
        """(mean training loss, validation loss) when the step is an evaluation that follows training steps; else None.

        Training steps before start_step are left out.
        """
        names = step.names(*((), self._regex) if self._regex else (["losses"],))
        losses = [value.item() for name in names if (value := step.value(name)) is not None and value.size == 1]
        if not losses:
            return None
        if step.mode == "TRAIN":
            if step.mode_step >= self._start_step:
                self._training.append(fmean(losses))
            return None
        if step.mode != "EVAL" or not self._training:
            return None
        pair, self._training = (fmean(self._training), fmean(losses)), []
        return pair
