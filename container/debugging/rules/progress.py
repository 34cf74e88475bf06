"""Rules about the progress of a run: LossNotDecreasing, Overfit, Overtraining, StalledTraining."""

from statistics import fmean

from container.debugging.built_in_rule import BuiltInRule, SavedStep
from container.debugging.smdebug_library import Trial
from contract.rule_parameters import Value

# The loss of one batch differs from that of the next by more than it falls meanwhile; that of an evaluation is of all
# examples.
BATCHES_IN_A_MEAN = 10


def change_of_loss(losses: list[tuple[int, float]], num_steps: int, count: int) -> float | None:
    """Change in percent from one mean of losses to the next; None while there are too few.

    Args:
        losses: (step, loss), in order.
        num_steps: steps between the ends of the two means, at least; they do not overlap.
        count: losses in a mean.
    """
    before = [loss for step, loss in losses[:-count] if step <= losses[-1][0] - num_steps]
    if len(losses) < 2 * count or len(before) < count:
        return None
    reference = fmean(before[-count:])
    return 100 * (fmean(loss for _, loss in losses[-count:]) - reference) / abs(reference) if reference else 0.0


def does_not_decrease(change: float, diff_percent: float, increase_threshold_percent: float) -> bool:
    """Whether a loss stands still, or rises by more than it may.

    Args:
        change: of the loss, percent.
        diff_percent: it should fall by at least so much.
        increase_threshold_percent: it may rise by so much, as losses of single batches do.
    """
    return -diff_percent < change <= 0 or change > increase_threshold_percent


class LossNotDecreasing(BuiltInRule):
    """Fires when the loss does not fall: compares the mean of ten saved losses with that of the ten before them.

    It does so whenever there are ten new ones and num_steps are over. AWS's rule compares two single losses; single
    batches would make it fire in most healthy runs. With mode EVAL the losses of two evaluations are compared.
    """

    def __init__(self, base_trial: Trial, **parameters: Value):
        super().__init__(base_trial, **parameters)
        self._losses: dict[str, list[tuple[int, float]]] = {}
        self._looked_at: dict[str, tuple[int, int]] = {}  # how many losses there were, and the last one's step

    def examine(self, step: SavedStep) -> str | None:
        parameters = self.parameters
        if parameters["mode"] not in (step.mode, "GLOBAL"):
            return None
        count = 1 if step.mode == "EVAL" else BATCHES_IN_A_MEAN
        number = step.number if parameters["mode"] == "GLOBAL" else step.mode_step
        for name in self._named(step, *(["losses"] if parameters["use_losses_collection"] else [])):
            value = step.value(name)
            if value is None or value.size != 1:
                continue
            losses = self._losses.setdefault(name, [])
            losses.append((number, value.item()))
            seen, last = self._looked_at.get(name, (0, number - parameters["num_steps"]))
            if len(losses) < seen + count or number < last + parameters["num_steps"]:
                continue
            change = change_of_loss(losses, parameters["num_steps"], count)
            if change is None:
                continue
            self._looked_at[name] = len(losses), number
            if does_not_decrease(change, parameters["diff_percent"], parameters["increase_threshold_percent"]):
                return (
                    f"The loss {name} changed by {change:+.2f} % up to {step}, to {losses[-1][1]:.4g}; it should fall "
                    f"by at least {parameters['diff_percent']:g} % in {parameters['num_steps']} steps or more. "
                    "Raise lr if the loss stands still, lower it if it rises."
                )
        return None


class LossesOfEvaluations:
    """Pairs each evaluation's loss with the training losses since the evaluation before it."""

    def __init__(self, regex: str = "", start_step: int = 0):
        self._regex, self._start_step = regex, start_step
        self._training: list[float] = []

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


def overfit_ratio(training_loss: float, validation_loss: float) -> float:
    """By how much the validation loss is above the training loss, as a share of it; 0 where the training loss is 0."""
    return (validation_loss - training_loss) / training_loss if training_loss else 0.0


class Overfit(BuiltInRule):
    """Fires when the validation loss is above the training loss by more than ratio_threshold, in too many evaluations.

    `patience` evaluations in a row are allowed.

    The training program saves its losses less what label smoothing adds at least. mixup and CutMix make them
    larger still: with these the rule sees less than there is.
    """

    def __init__(self, base_trial: Trial, **parameters: Value):
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


def without_improvement(losses: list[float], delta: float) -> int:
    """Number of losses since the last that was below the best before it by more than delta."""
    best, since = float("inf"), 0
    for loss in losses:
        improves = loss < best - delta
        best, since = (loss, 0) if improves else (best, since + 1)
    return since


class Overtraining(BuiltInRule):
    """Fires when neither training nor validation loss improves any more. Counts evaluations: a single batch's loss may
    miss the best one by chance.
    """

    def __init__(self, base_trial: Trial, **parameters: Value):
        super().__init__(base_trial, **parameters)
        self._losses = LossesOfEvaluations()
        self._training: list[float] = []
        self._validation: list[float] = []

    def examine(self, step: SavedStep) -> str | None:
        if (pair := self._losses.add(step)) is None:
            return None
        self._training.append(pair[0])
        self._validation.append(pair[1])
        parameters = self.parameters
        training, validation = (
            without_improvement(losses, parameters["delta"]) for losses in (self._training, self._validation)
        )
        if training < parameters["patience_train"] or validation < parameters["patience_validation"]:
            return None
        return (
            f"At {step} the training loss has not improved by {parameters['delta']:g} for {training} evaluations "
            "(allowed: fewer than "
            f"{parameters['patience_train']}), nor the validation loss for {validation} (fewer than "
            f"{parameters['patience_validation']}); its best was "
            f"{min(self._validation):.4g}. Train fewer epochs; the best epoch's model is the one that is kept."
        )


def stalled(seconds: float, threshold: float) -> bool:
    """Whether so many seconds without a new step are too many."""
    return seconds > threshold


class StalledTraining(BuiltInRule):
    """Fires when nothing new is saved for `threshold` seconds; counts one violation for each pause."""

    def __init__(self, base_trial: Trial, **parameters: Value):
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
