"""The trials of a tuning job as a table, and in lines."""

from datetime import UTC, datetime

from contract.waits import minutes
from scripts.aws.jobs import ENDED
from scripts.console.tables import Table
from scripts.tuning.job import Trial, Tuning

LONGEST_REASON = 100  # characters


def heading(tuning: Tuning) -> str:
    """`dogbreed-tune-...: InProgress after 12:30, 5 trials of 16 (3 Completed, 2 InProgress), best
    valid_accuracy=0.8123`.
    """
    counts: dict[str, int] = {}
    for trial in tuning.trials:
        counts[trial.status] = counts.get(trial.status, 0) + 1
    of_them = f" ({', '.join(f'{count} {status}' for status, count in sorted(counts.items()))})" if counts else ""
    most = f" of {tuning.most_trials}" if tuning.most_trials and not tuning.has_ended else ""
    best = tuning.best_trial
    found = f", best {tuning.metric}={shown_objective(best)}" if best else ""
    return (
        f"{tuning.name}: {tuning.status} after {minutes(tuning.seconds)}, {len(tuning.trials)} trials{most}"
        f"{of_them}{found}"
    )


def table(tuning: Tuning, trials: list[Trial], now: datetime | None = None) -> Table:
    """A row for each of `trials`; a * is before the best. now: by default it is."""
    now = now or datetime.now(UTC)
    rows = []
    for trial in trials:
        seconds = trial.seconds(now)
        rows.append(
            (
                "*" if trial.name == tuning.best else "",
                tuning.short_name(trial),
                trial.status,
                shown_objective(trial),
                *(shown_value(trial.hyperparameters.get(name, "")) for name in tuning.ranges),
                "" if seconds is None else minutes(seconds),
                shown_reason(trial),
            )
        )
    return Table((" ", "trial", "status", tuning.metric, *tuning.ranges, "time", ""), rows, names=3)


def worth_showing(tuning: Tuning, most: int) -> list[Trial]:
    """At most `most` trials, by number: those that run, the best, then the newest."""
    by_interest = sorted(
        tuning.trials, key=lambda trial: (trial.status in ENDED, trial.name != tuning.best, -trial.number)
    )
    return sorted(by_interest[:most], key=lambda trial: trial.number)


def trial_line(tuning: Tuning, trial: Trial) -> str:
    """What there is to say of one trial, in a line of its own."""
    tuned = " ".join(f"{name}={shown_value(value)}" for name, value in trial.hyperparameters.items())
    objective = f"{tuning.metric}={shown_objective(trial)} " if trial.objective is not None else ""
    best = f" (the best{'' if tuning.has_ended else ' so far'})" if trial.name == tuning.best else ""
    return f"{trial.name} {trial.status} {objective}{tuned}{best}{f': {shown_reason(trial)}' if trial.failure else ''}"


def shown_objective(trial: Trial) -> str:
    return "" if trial.objective is None else f"{trial.objective:.4f}"


def shown_value(text: str) -> str:
    """A value as the service has it, `"0.00012345678"` with the quotes of some clients, in few characters:
    `0.0001235`.
    """
    text = text.strip('"')
    try:
        return f"{float(text):.4g}" if "." in text or "e" in text.lower() else text
    except ValueError:
        return text


def shown_reason(trial: Trial) -> str:
    reason = " ".join(trial.failure.split())
    return reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"
