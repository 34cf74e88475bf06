"""What made a run slow: rules over the times of its steps here, rules over the machine's metrics in
system_findings.

Rules that SageMaker Debugger has too bear its names and its thresholds; where one looks at something else, it says so.
https://docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-profiler-rules.html
"""

import math
from typing import Any

from container.profiling.finding import (
    FEWEST_WORKERS_PERCENT,
    WAITING_PERCENT,
    Facts,
    Finding,
    SystemSeries,
    counted,
    waiting_percent,
)
from container.profiling.system_findings import (
    batch_size,
    core_imbalance,
    cpu_bottleneck,
    cpu_contention,
    cpu_limit,
    cpu_steal,
    gpu_memory_increase,
    io_bottleneck,
    low_gpu_utilization,
)

OUTLIERS_IGNORED = 10
MOST_WORKERS_PERCENT = 200


def find(summary: dict[str, Any], series: dict[str, Any], facts: Facts) -> list[Finding]:
    """Evaluate all rules. An empty list: nothing that these rules know slowed the run.

    Points of a series are means of many samples in a long run: what comes and goes within one is seen as its mean.

    Args:
        summary: `StepTimes.summary()`.
        series: `SystemSampler.series()`.
        facts: about the run.
    """
    system, whole = SystemSeries(series, facts.steps_from, facts.steps_to), SystemSeries(series, 0.0, math.inf)
    found = [
        # First: what keeps the job from its cores makes the others fire, too.
        cpu_contention(whole, facts),
        cpu_steal(whole, facts),
        cpu_limit(whole),
        waiting_for_data(summary, facts),
        dataloader(summary, facts),
        core_imbalance(summary, system, facts),
        step_outlier(summary),
        io_bottleneck(system),
        cpu_bottleneck(system),
        low_gpu_utilization(system),
        batch_size(system, facts),
        gpu_memory_increase(system),
    ]
    return [finding for finding in found if finding]


def waiting_for_data(summary: dict[str, Any], facts: Facts) -> Finding | None:
    """Steps waited for their inputs for more than a fifth of their time. Not a rule of AWS's."""
    percent = waiting_percent(summary)
    if percent <= WAITING_PERCENT:
        return None
    if facts.has_few_workers:
        first = f"Set workers={facts.cores} (it is {facts.workers}), one for each core"
    else:
        first = f"Take an instance type with more cores (it has {facts.cores}), and leave workers at 0"
    return Finding(
        "WaitingForData",
        WAITING_PERCENT,
        percent,
        "% of step time",
        f"Steps waited for data {percent:.0f}% of the time (threshold {WAITING_PERCENT}%), "
        f"{summary['phases']['data']['mean'] * 1000:.1f} ms of {1000 / summary['steps_per_second']:.1f} ms in "
        f"the mean.",
        f"{first}; or give the job smaller pictures, or a smaller image-size.",
    )


def dataloader(summary: dict[str, Any], facts: Facts) -> Finding | None:
    """Few or many threads make the inputs, measured by the cores, and steps wait for data.

    AWS's Dataloader looks at the number alone.
    """
    percent = 100 * facts.worker_count / facts.cores
    if waiting_percent(summary) <= WAITING_PERCENT or FEWEST_WORKERS_PERCENT <= percent <= MOST_WORKERS_PERCENT:
        return None
    few = percent < FEWEST_WORKERS_PERCENT
    threshold = FEWEST_WORKERS_PERCENT if few else MOST_WORKERS_PERCENT
    return Finding(
        "Dataloader",
        threshold,
        percent,
        "workers for 100 cores",
        f"{counted(facts.workers, 'worker')} made the inputs on {counted(facts.cores, 'core')} while steps waited "
        "for them: "
        f"{percent:.0f}% of the cores (threshold {threshold}%).",
        f"Set workers={facts.cores}, or workers=0, which is one for each core.",
    )


def step_outlier(summary: dict[str, Any]) -> Finding | None:
    """More than ten steps were far slower than the median (`StepTimes.outliers`).

    AWS's are those above 3 standard deviations. Like AWS it lets 10 pass.
    """
    if summary["outliers"] <= OUTLIERS_IGNORED:
        return None
    return Finding(
        "StepOutlier",
        OUTLIERS_IGNORED,
        summary["outliers"],
        "steps",
        f"{summary['outliers']} of {summary['steps']} steps took more than three times the median of "
        f"{summary['step']['p50'] * 1000:.1f} ms (threshold {OUTLIERS_IGNORED} steps), the slowest "
        f"{summary['step']['max'] * 1000:.1f} ms.",
        "Look at the list of the slowest steps: the phase that made them slow is named there. Trace some of them, such "
        "as trace-steps=100-110.",
    )
