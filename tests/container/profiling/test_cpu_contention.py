"""Who had a job's cores, by the kernel's counters as they were recorded, of both versions of control groups."""

import math

import pytest

from container.profiling.cpu_contention import CpuContention, CpuCounters, cpu_shares, read_counters
from container.profiling.machine_counters import CoreTimes

STATISTICS = """cpu  6622904 661623 1024469 2032606 42910 0 30406 29418 0 0
cpu0 3296664 328876 503140 1041699 24329 0 12566 14679 0 0
cpu1 3326239 332746 521329 990906 18580 0 17839 14738 0 0
intr 1 2 3
"""
PRESSURE = (
    "some avg10=24.51 avg60=18.53 avg300=21.05 total=26563072642\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
)
VERSION_2 = (
    "usage_usec 7250000\nuser_usec 7000000\nsystem_usec 250000\nnr_periods 40\nnr_throttled 30\nthrottled_usec 900\n"
)
VERSION_1 = "nr_periods 40\nnr_throttled 30\nthrottled_time 900000\n"


def files(root, **content):
    """A file for each name, in which `__` is `/` and `_dot_` is a dot."""
    for name, text in content.items():
        file = root / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.fixture
def proc(tmp_path):
    return files(tmp_path / "proc", stat=STATISTICS, pressure__cpu=PRESSURE)


def test_a_containers_own_counters_are_read_with_either_version_of_control_groups(tmp_path, proc):
    version_2 = files(
        tmp_path / "2", cpu_dot_stat=VERSION_2, cpu_dot_pressure=PRESSURE.replace("26563072642", "1500000")
    )
    version_1 = files(tmp_path / "1", cpu__cpu_dot_stat=VERSION_1, cpuacct__cpuacct_dot_usage="7250000000\n")
    of_core = CoreTimes(3296664 + 328876 + 503140 + 1041699 + 24329 + 12566 + 14679, 1041699, 24329, 14679)
    assert read_counters({0}, version_2, proc) == CpuCounters(of_core, 7.25, 1.5, 40, 30)
    assert read_counters({0}, version_1, proc) == CpuCounters(of_core, 7.25, 26563.072642, 40, 30)


def test_the_jobs_cores_are_added_up(tmp_path, proc):
    alone = [read_counters({core}, tmp_path, proc).cores for core in (0, 1)]
    both = read_counters({0, 1}, tmp_path, proc).cores
    assert both == CoreTimes(*map(sum, zip(*alone, strict=True))) and both.stolen == 14679 + 14738


def test_a_container_without_a_cpu_limit_has_no_periods(tmp_path, proc):
    unlimited = files(tmp_path / "2", cpu_dot_stat="usage_usec 5\nuser_usec 5\nsystem_usec 0\n")
    found = read_counters({0}, unlimited, proc)
    assert (found.used, found.periods, found.limited) == (5e-6, None, None)


def test_without_control_groups_the_processes_count(tmp_path, proc):
    before = read_counters({0}, tmp_path, proc).used
    sum(number * number for number in range(3_000_000))
    assert 0.05 < read_counters({0}, tmp_path, proc).used - before < 600


@pytest.mark.parametrize("pressure", ["", "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"])
def test_a_kernel_without_pressure_stall_information_says_nothing_of_waiting(tmp_path, pressure):
    proc = files(tmp_path / "proc", stat=STATISTICS, pressure__cpu=pressure)
    found = read_counters({0}, tmp_path, proc)
    assert found.waited is None and "cores/CPUWaiting" not in cpu_shares(found, found, 1.0)


def test_a_file_that_the_kernel_does_not_let_read_is_none(tmp_path, proc):
    (proc / "pressure/cpu").unlink()
    (proc / "pressure/cpu").mkdir()  # reading it is an OSError
    assert read_counters({0}, tmp_path, proc).waited is None


BEFORE = CpuCounters(CoreTimes(100_000, 40_000, 2_000, 500), 300.0, 20.0, 100, 10)


def after(total=1000, idle=0, waiting=0, stolen=0, used=0.0, waited=0.0, periods=0, limited=0):
    """Ten seconds of a core later, or 1,000 hundredths."""
    passed = (total, idle, waiting, stolen)
    return CpuCounters(
        CoreTimes(*(old + new for old, new in zip(BEFORE.cores, passed, strict=True))),
        BEFORE.used + used,
        BEFORE.waited + waited,
        BEFORE.periods + periods,
        BEFORE.limited + limited,
    )


def shares(**passed):
    return {metric.removeprefix("cores/"): share for metric, share in cpu_shares(BEFORE, after(**passed), 5.0).items()}


def test_what_all_used_less_what_the_job_used_is_the_others():
    assert shares(idle=100, waiting=100, stolen=200, used=2.0, waited=2.5) == {
        "CPUOfOthers": 40.0,
        "CPUStolen": 20.0,
        "CPUIdle": 20.0,
        "CPUWaiting": 50.0,
        "CPULimitReached": 0.0,
    }


@pytest.mark.parametrize(
    ("passed", "metric", "share"),
    [
        ({"used": 10.0}, "CPUOfOthers", 0.0),
        ({"used": 10.3}, "CPUOfOthers", 0.0),  # the kernel counts the two on different clocks
        ({"used": -5.0}, "CPUOfOthers", 100.0),  # processes that ended
        ({"idle": 1010}, "CPUIdle", 100.0),
        ({"waited": 7.0}, "CPUWaiting", 100.0),
        ({"periods": 50, "limited": 40}, "CPULimitReached", 80.0),
        ({"idle": -3, "used": 10.0}, "CPUIdle", 0.0),
    ],
)
def test_no_share_is_below_0_or_above_100(passed, metric, share):
    assert shares(**passed)[metric] == share


def test_between_two_readings_without_time_there_is_nothing():
    assert cpu_shares(BEFORE, BEFORE, 0.0) == cpu_shares(BEFORE, after(total=0), 1.0) == {}


def test_cores_that_the_kernel_does_not_list_are_nothing(tmp_path, proc):
    """As where a container is shown cores under other numbers than its own."""
    found = read_counters({7}, tmp_path, proc)
    assert found.cores == CoreTimes(0, 0, 0, 0) and cpu_shares(found, found, 1.0) == {}


def test_this_machines_counters_are_shares(wait_until):
    contention, found = CpuContention(), []
    wait_until(lambda: found.append(contention.read()) or sum(map(bool, found)) == 3)
    for one in filter(None, found):
        assert {"cores/CPUOfOthers", "cores/CPUStolen", "cores/CPUIdle"} <= set(one)
        assert all(0 <= share <= 100 and math.isfinite(share) for share in one.values())


def recorded(root, cores, pressure, usage, limit):
    """The kernel's files as a container on two cores saw them. cores: the lines of cpu0 and cpu1."""
    proc = files(root / "proc", stat=cores, pressure__cpu=f"some avg10=9.00 avg60=9.00 avg300=9.00 total={pressure}\n")
    cgroups = files(root / "cgroup", cpu__cpu_dot_stat=limit, cpuacct__cpuacct_dot_usage=usage)
    return read_counters({0, 1}, cgroups, proc)


def test_a_container_beside_busy_programs_as_it_was_recorded(tmp_path):
    """One thread computed for six seconds; other programs kept both cores busy."""
    unlimited = "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n"
    before = recorded(
        tmp_path / "before",
        "cpu0 3517686 422614 542542 1106564 25103 0 13590 15420 0 0\n"
        "cpu1 3562752 416425 564476 1046639 19239 0 19102 15449 0 0\n",
        28481535310,
        "107042873\n",
        unlimited,
    )
    now = recorded(
        tmp_path / "now",
        "cpu0 3517795 423033 542613 1106564 25103 0 13590 15420 0 0\n"
        "cpu1 3563342 416429 564481 1046639 19239 0 19102 15449 0 0\n",
        28485976899,
        "5677842399\n",
        unlimited,
    )
    assert cpu_shares(before, now, 6.0) == {
        "cores/CPUOfOthers": 53.5,
        "cores/CPUStolen": 0.0,
        "cores/CPUIdle": 0.0,
        "cores/CPUWaiting": 74.03,
        "cores/CPULimitReached": 0.0,
    }


def test_a_container_of_half_a_core_as_it_was_recorded(tmp_path):
    before = recorded(
        tmp_path / "before",
        "cpu0 3517853 423058 542633 1106564 25103 0 13590 15420 0 0\n"
        "cpu1 3563406 416444 564505 1046639 19239 0 19102 15449 0 0\n",
        28486969846,
        "78545216\n",
        "nr_periods 3\nnr_throttled 0\nthrottled_time 0\n",
    )
    now = recorded(
        tmp_path / "now",
        "cpu0 3518111 423298 542734 1106564 25103 0 13590 15421 0 0\n"
        "cpu1 3563810 416591 564548 1046644 19239 0 19102 15450 0 0\n",
        28492748550,
        "3081303775\n",
        "nr_periods 63\nnr_throttled 60\nthrottled_time 2416885431\n",
    )
    found = cpu_shares(before, now, 6.0)
    assert found["cores/CPULimitReached"] == 100.0 and found["cores/CPUStolen"] == 0.17
    assert found["cores/CPUOfOthers"] == pytest.approx(74.5, abs=0.5)
