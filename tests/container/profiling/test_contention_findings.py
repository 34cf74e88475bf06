"""A run that did not get its cores is told by whom, and one beside quiet neighbours is not."""

from dataclasses import replace

import numpy as np
import pytest

from container.profiling.finding import Facts
from container.profiling.findings import find

FACTS = Facts(batch_size=8, workers=0, cores=2, device="cpu")
SUMMARY = {"steps": 40, "phases": {}, "outliers": 0}


def series(points=100, **values):
    """A point a second; a number or one for each point of each metric."""
    return {
        "seconds": [float(second) for second in range(points)],
        "values": {
            f"cores/{metric}": np.broadcast_to(np.float64(value), points).tolist() for metric, value in values.items()
        },
    }


def found(**values):
    usual = {"CPUOfOthers": 2, "CPUStolen": 0, "CPUIdle": 3, "CPUWaiting": 30, "CPULimitReached": 0}
    return find(SUMMARY, series(**usual | values), FACTS)


def test_a_run_that_has_its_cores_gives_no_finding():
    assert found() == []


def test_other_programs_that_take_the_cores_are_found_with_what_was_left():
    [finding] = found(CPUOfOthers=74, CPUIdle=1, CPUWaiting=97)
    assert (finding.rule, finding.value, finding.threshold) == ("CPUContention", 74, 20)
    assert finding.sentence.startswith(
        "Other programs took 74% of the time of 2 cores (threshold 20%) and left this job 25%; threads "
        "waited for a core 97% of the time."
    )
    assert "OMP_NUM_THREADS=1" in finding.advice and "End the other programs" in finding.advice


@pytest.mark.parametrize(
    "values",
    [
        {"CPUOfOthers": 50, "CPUIdle": 40},  # they used what the job did not need
        {"CPUOfOthers": 50, "CPUIdle": 0, "CPUWaiting": 4},  # of low priority: the job's threads hardly waited
        {"CPUOfOthers": 15, "CPUIdle": 0, "CPUWaiting": 90},  # more threads than cores of its own
        {"CPUOfOthers": 90, "CPUIdle": 0, "points": 10},  # too few points to judge
    ],
)
def test_other_programs_that_take_nothing_from_the_job_are_not_found(values):
    assert found(**values) == []


def test_a_neighbour_that_came_for_half_of_the_run_is_found():
    half = np.arange(100) < 50
    [finding] = found(CPUOfOthers=np.where(half, 80, 1), CPUIdle=np.where(half, 0, 20), CPUWaiting=50)
    assert (finding.rule, finding.value) == ("CPUContention", 40)


def test_a_kernel_that_does_not_tell_of_waiting_has_the_finding_without_it():
    values = series(CPUOfOthers=70, CPUIdle=0, CPUStolen=0)
    [finding] = find(SUMMARY, values, FACTS)
    assert finding.rule == "CPUContention" and "left this job 30%. A step" in finding.sentence


def test_time_that_the_hypervisor_took_is_found():
    [finding] = found(CPUStolen=23)
    assert (finding.rule, finding.value, finding.threshold) == ("CPUSteal", 23, 10)
    assert "23% of the time of 2 cores to other virtual machines" in finding.sentence and "t3" in finding.advice
    assert found(CPUStolen=10) == []


def test_a_cpu_limit_that_halts_the_job_is_found():
    [finding] = found(CPULimitReached=83, CPUIdle=60)
    assert (finding.rule, finding.value, finding.threshold) == ("CPULimit", 83, 25)
    assert "limits.cpu" in finding.advice and found(CPULimitReached=25) == []


def test_what_keeps_the_job_from_its_cores_comes_before_what_follows_from_it():
    late = SUMMARY | {
        "phases": {"data": {"share": 0.5, "mean": 0.1}},
        "outliers": 20,
        "steps_per_second": 5.0,
        "step": {"p50": 0.1, "max": 9.0},
    }
    findings = find(late, series(CPUOfOthers=74, CPUIdle=1, CPUWaiting=97), FACTS)
    assert [finding.rule for finding in findings] == ["CPUContention", "WaitingForData", "StepOutlier"]


def test_what_comes_before_the_steps_counts_too():
    """Decoding pictures and computing features, which is most of a training on features."""
    later = replace(FACTS, steps_from=95.0)
    values = series(CPUOfOthers=74, CPUIdle=1, CPUWaiting=97)
    assert [finding.rule for finding in find(SUMMARY, values, later)] == ["CPUContention"]
