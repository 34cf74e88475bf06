"""In sentences: how good a model is beside guessing, and on which classes it fails. Each is HTML, since classes have
names from outside.

What too few pictures cannot show is said so: shares come with their 95% interval, weak classes with their counts.
"""

from container.report.class_statistics import ClassResult, class_results, constant_accuracy
from container.report.confusion_chart import confused_pairs
from container.report.markup import name, text
from container.report.record import Evaluation
from container.report.shown_numbers import counted, percent

VAGUE = 0.2  # width of an interval from which on a figure says little
ENOUGH = 400  # pictures for an interval of at most 5 points to either side, whatever the accuracy
MOST_NAMED = 3
SIGNIFICANT = 0.05  # for all classes together (Bonferroni)


def is_above_guessing(found: Evaluation) -> bool:
    """Whether even the low end of the accuracy's interval is above what always naming the largest class gives."""
    return len(found.top1_interval_95) == 2 and found.top1_interval_95[0] > constant_accuracy(found)


def how_good(found: Evaluation) -> str:
    """The accuracy with its interval, beside that of an answer that looks at no picture. Empty without pictures."""
    results = class_results(found)
    if not results or found.top1 is None or len(found.top1_interval_95) != 2:
        return ""
    low, high = found.top1_interval_95
    constant = constant_accuracy(found)
    said = [
        f"The model names <b>{percent(found.top1)}</b> of {text(counted(found.n, f'{found.split} picture'))} correctly "
        f"(top-1 accuracy; 95% interval {percent(low)} to {percent(high)}).",
        _beside_guessing(len(found.classes), constant),
    ]
    if len(results) == 1:
        said.append("Pictures of one class alone say nothing: the others need some, too.")
    elif found.top1 <= constant:
        said.append("So it has not learned to tell the classes apart.")
    elif not is_above_guessing(found):
        said.append("With so few pictures it is not certain that it is better than that.")
    if high - low > VAGUE:
        said.append(f"So few pictures allow no closer figure: {ENOUGH} would give one to within 5 points.")
    if found.split == "valid":
        said.append(
            "There was no test split: the best epoch was chosen by these very pictures, so on new ones expect a "
            "little less."
        )
    return " ".join(said)


def where_it_fails(found: Evaluation) -> str:
    """The weakest classes and the most frequent confusion, with counts. Empty without pictures."""
    results = class_results(found)
    if not results:
        return ""
    return " ".join(filter(None, [_weak_classes(found, results), _confusion(found), _untested(found, results)]))


def weak_classes(results: list[ClassResult]) -> list[ClassResult]:
    """Classes below the accuracy of all pictures together, the weakest first. results: `class_results`."""
    share = sum(one.right for one in results) / (sum(one.n for one in results) or 1)
    return [one for one in results if one.recall < share]


def _beside_guessing(classes: int, constant: float) -> str:
    guessing = percent(1 / classes)
    largest = f", always naming the largest class for {percent(constant)}" if percent(constant) != guessing else ""
    return f"Guessing among {counted(classes, 'class', 'classes')} would be right for {guessing}{largest}."


def _weak_classes(found: Evaluation, results: list[ClassResult]) -> str:
    if all(one.right == one.n for one in results):
        return f"On none: every {text(found.split)} picture was named correctly."
    weak = weak_classes(results)
    if not weak:
        return "On all classes alike."
    named = ", ".join(f"{name(one.name)} ({one.right:,} of {one.n:,} right)" for one in weak[:MOST_NAMED])
    chance = "; with so few pictures of a class that may be chance" if not _is_certain(weak[0], len(results)) else ""
    return f"Weakest on {named}{chance}."


def _is_certain(weakest: ClassResult, classes: int) -> bool:
    """Whether the weakest of so many classes is weaker than the others by more than chance."""
    return weakest.p_value <= SIGNIFICANT / classes


def _confusion(found: Evaluation) -> str:
    pairs = confused_pairs(found.confusion_matrix, 1)
    if not pairs:
        return ""
    truth, said, count = pairs[0]
    if count == 1:
        return "No class was taken for the same other one twice."
    of = sum(found.confusion_matrix[truth])
    return (
        f"Most frequent confusion: {name(found.classes[truth])} taken for {name(found.classes[said])}, "
        f"{count:,} of {of:,} pictures."
    )


def _untested(found: Evaluation, results: list[ClassResult]) -> str:
    tested = {one.name for one in results}
    untested = [one for one in found.classes if one not in tested]
    if not untested:
        return ""
    more = f" and {len(untested) - MOST_NAMED:,} more" if len(untested) > MOST_NAMED else ""
    named = ", ".join(map(name, untested[:MOST_NAMED]))
    them = "it" if len(untested) == 1 else "them"
    return f"Nothing is known of {named}{more}: no {text(found.split)} picture shows {them}."
