"""What the built-in rules have in common: smdebug's interface on the outside, and one saved step to look at on the
inside.
"""

from abc import abstractmethod

from container.debugging.saved_step import SavedStep
from container.debugging.smdebug_library import Rule
from contract.rule_parameters import COLLECTIONS, REGEX, Value, parameters_of


class BuiltInRule(Rule):
    """finding: what the rule found at the step of the last violation, a sentence and what to do; empty before there is
    one.

    parameters: as in contract/rule_parameters.py. Raises ValueError, a sentence, for others.
    """

    def __init__(self, base_trial, **parameters: Value):
        super().__init__(base_trial, action_str="")
        self.parameters = parameters_of(type(self).__name__, parameters)
        self.finding = ""

    def invoke_at_step(self, step: int) -> bool:
        """smdebug's interface: whether the rule's condition is met at a step, counted over all modes."""
        return self._note(self.examine(SavedStep(self.base_trial, step)))

    def wait(self, seconds: float) -> bool:
        """Whether the rule's condition is met `seconds` after the last step that there is. Only a few rules care."""
        return self._note(self.examine_pause(seconds))

    @abstractmethod
    def examine(self, step: SavedStep) -> str | None:
        """What is wrong at this step, or None. Every step comes once, in order."""

    def examine_pause(self, seconds: float) -> str | None:
        """What is wrong with there being no new step for so long, or None."""
        return None

    def _chosen(self, step: SavedStep, *collections: str) -> list[str]:
        """Names of the tensors that the user's parameters ask for, and of those in `collections`."""
        listed = str(self.parameters.get(COLLECTIONS, "")).replace(",", ";").split(";")
        return step.names([*collections, *filter(None, listed)], str(self.parameters.get(REGEX, "")))

    def _note(self, finding: str | None) -> bool:
        self.finding = finding or self.finding
        return finding is not None
