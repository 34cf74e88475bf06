"""What a container may use, by its cgroup."""

import pytest

from container.serving.machine import free_memory, quota_cores

MB = 1024 * 1024


@pytest.mark.parametrize(
    ("content", "cores"),
    [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 1), ("50000 100000", 1), ("1600000 100000", 8)],
)
def test_a_cpu_quota_of_cgroup_v2_is_whole_cores(tmp_path, content, cores):
    (tmp_path / "cpu.max").write_text(content)
    assert quota_cores(8, tmp_path) == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", 8), ("300000", 3)])
def test_a_cpu_quota_of_cgroup_v1(tmp_path, quota, cores):
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text(quota + "\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert quota_cores(8, tmp_path) == cores


def test_without_a_quota_all_cores_are_there(tmp_path):
    assert quota_cores(8, tmp_path) == 8


@pytest.fixture
def host(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 4096 kB\nMemAvailable: 2097152 kB\n")  # 2 GB
    return tmp_path / "meminfo"


@pytest.mark.parametrize(
    ("limit", "free"), [("max", 2048 * MB), (str(1000 * MB), 700 * MB), (str(100 * MB), 0), (str(9000 * MB), 2048 * MB)]
)
def test_free_memory_is_the_hosts_or_what_the_limit_leaves(tmp_path, host, limit, free):
    (tmp_path / "memory.max").write_text(limit)
    (tmp_path / "memory.current").write_text(str(400 * MB))
    (tmp_path / "memory.stat").write_text(f"anon 1\ninactive_file {100 * MB}\n")
    assert free_memory(tmp_path, host) == free


def test_free_memory_without_a_cgroup(tmp_path, host):
    assert free_memory(tmp_path / "none", host) == 2048 * MB
