"""LossNotDecreasing: the loss does not fall, or rises."""

from statistics import fmean

from container.debugging.built_in_rule import BuiltInRule
from container.debugging.saved_step import SavedStep

# The loss of one batch differs from that of the next by more than it falls meanwhile; that of an evaluation is of all
# examples.
BATCHES_IN_A_MEAN = 10


def change_of_loss(losses: list[tuple[int, float]], num_steps: int, count: int) -> float | None:
    """Change in percent from one mean of `count` losses to the next; None while there are too few.

    losses: (step, loss), in order. The two means do not overlap, and end at least num_steps apart.
    """
    before = [loss for step, loss in losses[:-count] if step <= losses[-1][0] - num_steps]
    if len(losses) < 2 * count or len(before) < count:
        return None
    reference = fmean(before[-count:])
    return 100 * (fmean(loss for _, loss in losses[-count:]) - reference) / abs(reference) if reference else 0.0


def does_not_decrease(change: float, diff_percent: float, increase_threshold_percent: float) -> bool:
    """Whether a loss that changed by so many percent stands still, or rises by more than a rise may be."""
    return -diff_percent < change <= 0 or change > increase_threshold_percent


class LossNotDecreasing(BuiltInRule):
    """Compares the mean of ten saved losses with that of the ten before them, whenever there are ten new ones and
    num_steps are over.

    AWS's rule compares two single losses; single batches would make it fire in most healthy runs. With mode EVAL the
    losses of two evaluations are compared."""

    def __init__(self, base_trial, **parameters):
        super().__init__(base_trial, **parameters)
        self._losses: dict[str, list[tuple[int, float]]] = {}
        self._looked_at: dict[str, tuple[int, int]] = {}  # how many losses there were, and the last one's step

    def examine(self, step: SavedStep) -> str | None:
        chosen = self.parameters
        if chosen["mode"] not in (step.mode, "GLOBAL"):
            return None
        count = 1 if step.mode == "EVAL" else BATCHES_IN_A_MEAN
        number = step.number if chosen["mode"] == "GLOBAL" else step.mode_step
        for name in self._chosen(step, *(["losses"] if chosen["use_losses_collection"] else [])):
            value = step.value(name)
            if value is None or value.size != 1:
                continue
            losses = self._losses.setdefault(name, [])
            losses.append((number, value.item()))
            seen, last = self._looked_at.get(name, (0, number - chosen["num_steps"]))
            if len(losses) < seen + count or number < last + chosen["num_steps"]:
                continue
            change = change_of_loss(losses, chosen["num_steps"], count)
            if change is None:
                continue
            self._looked_at[name] = len(losses), number
            if does_not_decrease(change, chosen["diff_percent"], chosen["increase_threshold_percent"]):
                return (
                    f"The loss {name} changed by {change:+.2f} % up to {step}, to {losses[-1][1]:.4g}; it should fall "
                    "by at least "
                    f"{chosen['diff_percent']:g} % in {chosen['num_steps']} steps or more. Raise lr if the loss "
                    "stands still, lower it if it rises."
                )
        return None
