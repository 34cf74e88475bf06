"""Where the time went: phases of a step, slow steps, and the machine meanwhile."""

from container.report.axis import finite
from container.report.markup import card, section, table, text
from container.report.record import Outlier, RunRecord, StepTimes
from container.report.shown_numbers import counted, duration, number, percent, short_time
from container.report.step_chart import colours, share_bar, stacked_steps, steps_a_point
from container.report.system_timeline import small_multiples

MOST_OUTLIERS = 8


def step_times(record: RunRecord) -> str:
    """The section of the step times."""
    times = record.step_times
    body = "".join([_phases(times), _series(times), _outliers(times)]) if times else ""
    return section(
        "steps",
        "Time of a step",
        f"<div class='grid two'>{body}</div>" if body else "",
        "The steps of this run were not timed.",
    )


def system(record: RunRecord) -> str:
    """The section of the machine."""
    found = record.system
    body = small_multiples(found) if found and found.seconds and finite(found.seconds) else ""
    return section("system", "The machine", card(body) if body else "", "The machine was not monitored in this run.")


def _phases(times: StepTimes) -> str:
    if not times.summary:
        return ""
    chosen = colours(list(times.summary))
    rows = [
        [
            f"<i class='dot {chosen[phase]}'></i>{text(phase)}",
            percent(one.share),
            short_time(one.mean),
            short_time(one.p50),
            short_time(one.p95),
        ]
        for phase, one in times.summary.items()
    ]
    if whole := times.step:
        rows.append(["whole step", "", "", short_time(whole.p50), short_time(whole.p95)])
    facts = []
    if whole:
        facts += [counted(whole.count, "step")] if whole.count is not None else []
        facts += [f"{number(whole.per_second)} a second"] if whole.per_second is not None else []
        facts += [f"the longest {short_time(whole.max)}"] if whole.max is not None else []
    if times.evaluation_seconds is not None:
        facts.append(f"evaluation {duration(times.evaluation_seconds)} in all")
    content = share_bar(times.summary) + table(["phase", "share", "mean", "median", "p95"], rows)
    return card(
        content,
        "Phases",
        " · ".join(facts),
        "full",
        "Where the time of a step goes. Good: most of it in forward and backward, little in data, which is waiting for "
        "pictures.",
    )


def _series(times: StepTimes) -> str:
    series = times.series
    if not series or not series.steps or not any(finite(values) for values in series.phases.values()):
        return ""
    many = steps_a_point(series)
    note = f"stacked, each point the mean of {many} steps" if many > 1 else "stacked"
    return card(
        stacked_steps(series, list(times.summary or series.phases)),
        "Phases by step",
        note,
        "" if times.outliers else "full",
        "The time of each step, phase upon phase. Good: a flat band; a peak is a step in which something had to wait.",
    )


def _outliers(times: StepTimes) -> str:
    if not times.outliers:
        return ""
    usual = times.step.p50 if times.step else None
    slowest = sorted(times.outliers, key=lambda one: -one.seconds)[:MOST_OUTLIERS]
    rows = [[f"{one.step:,}", text(one.phase), short_time(one.seconds), _times_usual(one, usual)] for one in slowest]
    of_them = f", the longest {MOST_OUTLIERS}" if len(times.outliers) > MOST_OUTLIERS else ""
    note = f"{counted(len(times.outliers), 'step')} much longer than the median{of_them}"
    return card(
        table(["step", "most of it in", "time", "of the median"], rows, 2),
        "Slow steps",
        note,
        legend="Good: a handful, such as the first steps of a run.",
    )


def _times_usual(outlier: Outlier, usual: float | None) -> str:
    return f"{number(outlier.seconds / usual, 2)} ×" if usual else ""
