"""StalledTraining: nothing new is saved for a long time."""

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.saved_step import SavedStep


def stalled(seconds: float, threshold: float) -> bool:
    """Whether so many seconds without a new step are too many."""
    return seconds > threshold


class StalledTraining(BuiltInRule):
    """Counts one violation for each pause."""

    def __init__(self, base_trial, **parameters):
        super().__init__(base_trial, **parameters)
        self._last, self._told = "the start", False

    def examine(self, step: SavedStep) -> str | None:
        self._last, self._told = str(step), False
        return None

    def examine_pause(self, seconds: float) -> str | None:
        if self._told or not stalled(seconds, self.parameters["threshold"]):
            return None
        self._told = True
        return (
            f"Nothing was saved for {seconds:.0f} s after {self._last}; {self.parameters['threshold']:g} s are "
            "allowed. Look at the log and the "
            "instance's use of CPU and GPU: a step may hang, or the tensors may be saved more rarely than that."
        )
