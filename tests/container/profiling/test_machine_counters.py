"""Utilisation and rates from the kernel's counters."""

import os

import pytest

from container.profiling.machine_counters import (
    CoreTimes,
    MachineCounters,
    core_shares,
    core_times,
    memory_used_percent,
)

STATISTICS = """cpu  300 4 50 1000 60 7 8 9 0 0
cpu0 100 2 20 500 30 3 4 5 90 0
cpu3 200 2 30 500 30 4 4 4 0 0
intr 1 2 3
ctxt 5
"""


def test_the_kernels_times_are_read_by_core():
    assert core_times(STATISTICS) == {0: CoreTimes(664, 500, 30, 5), 3: CoreTimes(774, 500, 30, 4)}


@pytest.mark.parametrize(
    "passed, shares",
    [
        ((100, 25, 25, 9), (0.5, 0.25)),
        ((100, 100, 0, 0), (0.0, 0.0)),
        ((100, 0, 0, 0), (1.0, 0.0)),
        ((0, 0, 0, 0), (0.0, 0.0)),
        ((50, -1, 0, 0), (1.0, 0.0)),
    ],
)
def test_a_core_worked_in_the_time_that_it_was_not_idle(passed, shares):
    before = CoreTimes(1000, 700, 100, 50)
    now = CoreTimes(*(old + new for old, new in zip(before, passed, strict=True)))
    assert core_shares(before, now) == shares


def cgroup(root, **files):
    for name, content in files.items():
        file = root / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return root


def test_memory_is_the_share_of_the_containers_limit_without_what_can_be_dropped(tmp_path):
    version_2 = cgroup(
        tmp_path / "2",
        memory_dot_max="1000000\n",
        memory_dot_current="700000\n",
        memory_dot_stat="anon 1\ninactive_file 200000\n",
    )
    version_1 = cgroup(
        tmp_path / "1",
        memory__memory_dot_limit_in_bytes="1000000\n",
        memory__memory_dot_usage_in_bytes="700000\n",
        memory__memory_dot_stat="cache 1\ntotal_inactive_file 200000\n",
    )
    assert memory_used_percent(version_2) == memory_used_percent(version_1) == 50.0


@pytest.mark.parametrize("limit", ["max", str(2**63 - 4096)])
def test_without_a_limit_memory_is_the_machines(tmp_path, limit):
    root = cgroup(tmp_path, memory_dot_max=limit, memory_dot_current="0", memory_dot_stat="inactive_file 0")
    assert 0 < memory_used_percent(root) < 100


def test_without_control_groups_memory_is_the_machines(tmp_path):
    assert 0 < memory_used_percent(tmp_path) < 100


def test_every_core_of_this_process_is_there_and_nothing_is_out_of_range(wait_until):
    counters, found = MachineCounters(), []
    wait_until(lambda: found.append(counters.read()) or len(found) == 5)
    for metrics in found:
        cores = {metric.name for metric in metrics if metric.dimension == "CPUUtilization"}
        assert cores == {f"cpu{core}" for core in os.sched_getaffinity(0)}
        percents = [metric.value for metric in metrics if metric.type in ("cpu", "memory")]
        assert all(0 <= percent <= 100 for percent in percents) and all(metric.value >= 0 for metric in metrics)


def test_a_core_that_computes_is_seen():
    """This process keeps some core busy for the length of a sample."""
    counters = MachineCounters()
    sum(number * number for number in range(3_000_000))
    assert max(metric.value for metric in counters.read() if metric.dimension == "CPUUtilization") > 20
