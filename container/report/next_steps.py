"""What to try next, from the curves and the confusion matrix of a run: rules, the most important first.

Training's loss is compared with validation's only in its course: it is measured on augmented pictures, with label
smoothing and mixing, and by itself lies above.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from container.report.axis import finite
from container.report.class_statistics import class_results, constant_accuracy, mixed_up_most, small_classes
from container.report.markup import name
from container.report.model_quality import VAGUE, is_above_guessing, weak_classes
from container.report.record import Epoch, Evaluation, RunRecord
from container.report.shown_numbers import counted, given, loss, percent

MOST_STEPS = 3
FEWEST_EPOCHS = 3  # fewer have no course
RISE, RISE_NATS = 0.1, 0.02  # of the validation loss from its lowest to its last, both
GAIN, GAIN_POINTS = 0.1, 0.01  # of the loss, or of the accuracy, in the last quarter of the epochs
FEWEST_GAINED = 2  # pictures by which an accuracy rises by more than chance
GOOD_ENOUGH = 0.99  # validation accuracy from which on more epochs have nothing to gain
STILL_HIGH = 0.5  # of the way from the least training loss to that of guessing
CONCENTRATED, FEWEST_MISTAKES = 1 / 3, 4  # of all mistakes, between two classes
ABOVE_CHANCE = 1.5  # times what each pair would have of mistakes that are spread evenly
MOST_NAMED = 3


@dataclass(frozen=True)
class NextStep:
    """rule: which one says so. sentence: HTML, what was seen and what to change."""

    rule: str
    sentence: str


def next_steps(record: RunRecord) -> list[NextStep]:
    """At most MOST_STEPS, the most important first; none where nothing was measured that tells."""
    if lost := _loss_is_no_number(record):
        return [lost]  # nothing else that was measured means anything
    steps = [step for rule in RULES if (step := rule(record))]
    if not steps and record.status != "Failed" and record.evaluation and record.evaluation.n:
        return [_nothing(record.evaluation)]
    return steps[:MOST_STEPS]


def _loss_is_no_number(record: RunRecord) -> NextStep | None:
    for one in record.epochs:
        if any(value is not None and not math.isfinite(value) for value in (one.train_loss, one.valid_loss)):
            lr = _number(record, "lr")
            lower = f"to {given(lr / 10)} (it is {given(lr)})" if lr else "to a tenth"
            return NextStep(
                "loss-is-no-number",
                f"The loss of epoch {one.epoch} is not a number: lower lr {lower}; if that does not help, set "
                "mixed-precision=false.",
            )
    return None


def _not_learned(record: RunRecord) -> NextStep | None:
    found = record.evaluation
    if not found or found.top1 is None or len(found.top1_interval_95) != 2 or is_above_guessing(found):
        return None
    low, high = found.top1_interval_95
    if len(class_results(found)) < 2 or (found.top1 > constant_accuracy(found) and high - low > VAGUE):
        return None  # too few pictures to say so
    lr = _number(record, "lr")
    other = f" lr={given(lr / 10)} or {given(lr * 10)} (it is {given(lr)})" if lr else " a tenth of lr, or ten times it"
    return NextStep(
        "not-learned",
        "It is not better than guessing: look whether the pictures lie in the folders of their classes, and try"
        f"{other}{_with_pretrained(record)}.",
    )


def _overfitting(record: RunRecord) -> NextStep | None:
    course = [one for one in record.epochs if len(finite([one.train_loss, one.valid_loss])) == 2]
    if len(course) < FEWEST_EPOCHS:
        return None
    last, best = course[-1], min(course, key=_valid_loss)
    had, has = best.valid_accuracy or 0.0, last.valid_accuracy or 0.0
    if has >= GOOD_ENOUGH or has > had + GAIN_POINTS:  # only surer, or still better in what counts
        return None
    low, high = _valid_loss(best), _valid_loss(last)
    if high < (1 + RISE) * low or high - low < RISE_NATS or (last.train_loss or 0.0) >= (best.train_loss or 0.0):
        return None
    more = _regularisation(record)
    regularise = f", or regularise more: {', '.join(more)}" if more else ""
    return NextStep(
        "overfitting",
        f"It overfits: after epoch {best.epoch} the validation loss rose from {loss(low)} to {loss(high)} while the "
        f"training loss went on falling. Collect more training pictures{regularise}; more epochs make it worse.",
    )


def _still_improving(record: RunRecord) -> NextStep | None:
    """Also a run that is too short to show a course."""
    known = [one for one in record.epochs if finite([one.valid_loss])]
    if not known or (known[-1].valid_accuracy or 0.0) >= GOOD_ENOUGH:
        return None
    epochs = _number(record, "epochs")
    if record.status == "Stopped" and epochs and len(record.epochs) < epochs:
        longer = f"let it run to its end, {given(epochs)} epochs"
    else:
        longer = f"train longer, epochs={max(10, 2 * len(record.epochs))}"
    if len(known) < FEWEST_EPOCHS:
        are = "is" if len(known) == 1 else "are"
        return NextStep("few-epochs", f"{counted(len(known), 'epoch')} {are} too few to see a course: {longer}.")
    valid = record.splits.get("valid")
    gain = _gain(known, FEWEST_GAINED / valid.pictures if valid and valid.pictures else 0.0)
    return NextStep("still-improving", f"It still improved at the end ({gain}): {longer}.") if gain else None


def _gain(known: list[Epoch], chance: float) -> str:
    """What the last quarter of the epochs gained, in words; empty where it is little, or the last epoch not the best.

    chance: a gain of accuracy that a few pictures give.
    """
    last, before = known[-1], known[-1 - max(1, len(known) // 4)]
    if _valid_loss(last) > min(map(_valid_loss, known)):
        return ""
    since = f"since epoch {before.epoch}"
    accuracies = finite([before.valid_accuracy, last.valid_accuracy])
    if len(accuracies) == 2 and accuracies[1] - accuracies[0] > max(GAIN_POINTS, chance):
        return f"validation accuracy {percent(accuracies[0])} to {percent(accuracies[1])} {since}"
    if _valid_loss(last) < (1 - GAIN) * _valid_loss(before):
        return f"validation loss {loss(_valid_loss(before))} to {loss(_valid_loss(last))} {since}"
    return ""


def _underfitting(record: RunRecord) -> NextStep | None:
    """The training loss stays high, and more epochs alone would not change it."""
    train = record.splits.get("train")
    losses = finite([record.epochs[-1].train_loss]) if record.epochs else []
    mixes = any(_number(record, one) for one in ("mixup", "cutmix"))  # their targets have no low loss
    if not losses or not train or len(train.classes) < 2 or mixes or _still_improving(record):
        return None
    if (record.epochs[-1].valid_accuracy or 0.0) >= GOOD_ENOUGH:
        return None
    least, guessing = record.least_train_loss or 0.0, math.log(len(train.classes))
    if losses[0] - least <= STILL_HIGH * (guessing - least):
        return None
    if _given(record, "freeze-backbone") == "true":
        change = "train the whole network, freeze-backbone=false"
    else:
        lr = _number(record, "lr")
        higher = f"lr={given(lr * 3)} (it is {given(lr)})" if lr else "a higher lr"
        change = f"try {higher}, a larger image-size or arch"
    return NextStep(
        "underfitting",
        f"It does not fit the training pictures either: their loss is {loss(losses[0])}, and guessing gives "
        f"{loss(guessing)}. {change[0].upper()}{change[1:]}{_with_pretrained(record)}.",
    )


def _few_pictures(record: RunRecord) -> NextStep | None:
    """Weak classes among those that have few training pictures."""
    train, found = record.splits.get("train"), record.evaluation
    if not train or not found:
        return None
    weak = {one.name: one for one in weak_classes(class_results(found))}
    few = {one: count for one, count in small_classes(train.classes).items() if one in weak}
    if not few:
        return None
    named = ", ".join(
        f"{name(one)} ({count:,} to train on; {weak[one].right:,} of {weak[one].n:,} right)"
        for one, count in list(few.items())[:MOST_NAMED]
    )
    more = f" and {len(few) - MOST_NAMED:,} more classes" if len(few) > MOST_NAMED else ""
    usual = f"the median class has {median(train.classes.values()):,.0f}"
    return NextStep("few-pictures", f"Collect more pictures of {named}{more}: {usual}.")


def _two_classes(record: RunRecord) -> NextStep | None:
    found = record.evaluation
    if not found or len(found.classes) < 3:  # of two classes all mistakes are between the two
        return None
    pair, many = mixed_up_most(found), max(CONCENTRATED, ABOVE_CHANCE / math.comb(len(found.classes), 2))
    if not pair or pair.mistakes < max(FEWEST_MISTAKES, many * pair.of):
        return None
    return NextStep(
        "two-classes",
        f"Look at the pictures of {name(pair.first)} and {name(pair.second)}: {pair.mistakes:,} of "
        f"{counted(pair.of, 'mistake')} are between these two. Some may have the wrong label; else both need more "
        "pictures that show what tells them apart.",
    )


RULES: tuple[Callable[[RunRecord], NextStep | None], ...] = (
    _not_learned,
    _overfitting,
    _still_improving,
    _underfitting,
    _two_classes,
    _few_pictures,
)


def _nothing(found: Evaluation) -> NextStep:
    if found.top1 == 1:
        return NextStep("nothing", "Test it on more pictures, and harder ones: these show no mistake to mend.")
    return NextStep(
        "nothing",
        "There is no sign of too many or too few epochs. Look at the report's wrong answers for wrong labels; a larger "
        "arch or image-size, or <code>make tune</code>, may gain a little.",
    )


def _regularisation(record: RunRecord) -> list[str]:
    """Settings that regularise more than the run's, with what it had."""
    frozen = _given(record, "freeze-backbone") == "true"
    asked = {"dropout": 0.2, "weight-decay": 0.05} if frozen else {"mixup": 0.2, "dropout": 0.2, "weight-decay": 0.05}
    more = [] if frozen or _given(record, "trivial-augment") != "false" else ["trivial-augment=true"]
    for setting, value in asked.items():
        had = _number(record, setting)
        if had is None or had < value:
            more.append(f"{setting}={given(value)}" + (f" (it is {given(had)})" if had is not None else ""))
    return more


def _with_pretrained(record: RunRecord) -> str:
    return "; or begin with pretrained weights, pretrained=auto" if _given(record, "pretrained") == "none" else ""


def _given(record: RunRecord, setting: str) -> str:
    return record.hyperparameters.get(setting, "")


def _number(record: RunRecord, setting: str) -> float | None:
    """A hyperparameter's value; None where the record has none, or no number."""
    try:
        value = float(_given(record, setting))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _valid_loss(epoch: Epoch) -> float:
    return math.inf if epoch.valid_loss is None else epoch.valid_loss
