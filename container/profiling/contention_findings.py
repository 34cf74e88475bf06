"""What kept a run from its processor: other programs, the hypervisor, or the container's CPU limit.

Rules over `cpu_contention.cpu_shares` from the beginning of the run to its end, since decoding pictures and computing
features are kept waiting as well as steps. AWS's profiler has none of them.
"""

from container.profiling.finding import Facts, Finding, SystemSeries, counted

OTHERS_PERCENT, NONE_IDLE, WAITING = 20, 10, 10
STOLEN_PERCENT = 10
LIMITED_PERCENT = 25


def cpu_contention(system: SystemSeries, facts: Facts) -> Finding | None:
    """Other programs had more than a fifth of the cores' time, no core was idle, and threads waited for one.

    What others have while a core is idle takes nothing from the job, nor do programs of low priority.
    """
    others, idle, waiting = (system.of(metric) for metric in ("CPUOfOthers", "CPUIdle", "CPUWaiting"))
    if not others.size or not idle.size or (waiting.size and waiting.mean() <= WAITING):
        return None
    none_idle = idle[0] < NONE_IDLE
    taken = float((others[0] * none_idle).mean())
    if taken <= OTHERS_PERCENT:
        return None
    left = max(0.0, 100 - float(others.mean() + idle.mean() + system.of("CPUStolen").sum() / others.size))
    waited = f"; threads waited for a core {waiting.mean():.0f}% of the time" if waiting.size else ""
    return Finding(
        "CPUContention",
        OTHERS_PERCENT,
        taken,
        "% of the cores' time",
        f"Other programs took {taken:.0f}% of the time of {counted(facts.cores, 'core')} (threshold "
        f"{OTHERS_PERCENT}%) and left this job {left:.0f}%{waited}. A step waits for the slowest of its threads.",
        "End the other programs, or run fewer jobs at a time. Else give this job fewer threads, which then wait less "
        "for each other: OMP_NUM_THREADS=1 in its environment, workers=1. Or take an instance with more cores.",
    )


def cpu_steal(system: SystemSeries, facts: Facts) -> Finding | None:
    """The hypervisor gave more than a tenth of the cores' time to other virtual machines."""
    stolen = system.of("CPUStolen")
    if not stolen.size or stolen.mean() <= STOLEN_PERCENT:
        return None
    percent = float(stolen.mean())
    return Finding(
        "CPUSteal",
        STOLEN_PERCENT,
        percent,
        "% of the cores' time",
        f"The hypervisor gave {percent:.0f}% of the time of {counted(facts.cores, 'core')} to other virtual machines "
        f"(threshold {STOLEN_PERCENT}%).",
        "Take a larger instance, or another type: a burstable one, such as t3, is slowed down like this when its "
        "credits are used up.",
    )


def cpu_limit(system: SystemSeries) -> Finding | None:
    """The container was halted at its CPU limit in more than a quarter of the limit's periods."""
    limited = system.of("CPULimitReached")
    if not limited.size or limited.mean() <= LIMITED_PERCENT:
        return None
    percent = float(limited.mean())
    return Finding(
        "CPULimit",
        LIMITED_PERCENT,
        percent,
        "% of the limit's periods",
        f"The container came to the end of its CPU limit in {percent:.0f}% of the limit's periods "
        f"(threshold {LIMITED_PERCENT}%), and was halted until the next began.",
        "Raise the limit (--cpus of docker run, limits.cpu of Kubernetes), or set workers, and OMP_NUM_THREADS in the "
        "job's environment, to the number of cores that it allows.",
    )
