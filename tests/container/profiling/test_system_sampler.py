"""The sampler's thread: what it saw is in the files, and its series is short."""

import threading
import time
from itertools import pairwise

import pytest
from smdebug.profiler.system_metrics_reader import LocalSystemMetricsReader
from smdebug.profiler.utils import TimeUnits

from container.profiling.system_sampler import THREAD, SystemSampler


@pytest.fixture
def sampler(tmp_path):
    sampler = SystemSampler(tmp_path, "algo-1", 100)
    sampler.start()
    yield sampler
    sampler.stop()


def samples(sampler):
    return len(sampler.series()["seconds"])


def key(event):
    return f"{event.name}/{event.dimension}" if event.dimension else event.name


def test_smdebug_reads_back_every_value_that_was_sampled(sampler, tmp_path, wait_until):
    began = time.time()
    wait_until(lambda: samples(sampler) >= 5)
    sampler.stop()
    events = LocalSystemMetricsReader(str(tmp_path)).get_events(began - 60, time.time() + 60, TimeUnits.SECONDS)
    values = {}
    for event in sorted(events, key=lambda event: event.timestamp):
        values.setdefault(key(event), []).append(event.value)
    of_files = {
        metric: found for metric, found in sampler.series()["values"].items() if not metric.startswith("cores/")
    }
    assert values == of_files and len(values["MemoryUsedPercent"]) >= 5


def test_who_had_the_cores_is_in_the_series_alone(sampler, wait_until):
    wait_until(lambda: samples(sampler) >= 5)
    found = sampler.series()["values"]
    assert {"cores/CPUOfOthers", "cores/CPUStolen", "cores/CPUIdle"} <= set(found)
    assert all(0 <= share <= 100 for metric in found if metric.startswith("cores/") for share in found[metric])


def test_seconds_count_from_the_start_at_the_interval(sampler, wait_until):
    wait_until(lambda: samples(sampler) >= 5)
    seconds = sampler.series()["seconds"]
    assert seconds[0] >= 0.1 and all(later - earlier > 0.05 for earlier, later in pairwise(seconds))


def test_a_run_shorter_than_the_interval_still_has_a_sample(tmp_path, wait_until):
    sampler, began = SystemSampler(tmp_path, "algo-1", 60_000), time.monotonic()
    sampler.start()
    wait_until(lambda: time.monotonic() - began > 0.2)
    sampler.stop()
    assert samples(sampler) == 1 and len(list(tmp_path.rglob("*.json"))) == 1


def test_after_stop_no_thread_and_no_unfinished_file_is_left(sampler, tmp_path, wait_until):
    wait_until(lambda: samples(sampler) >= 2)
    thread = next(thread for thread in threading.enumerate() if thread.name == THREAD)
    sampler.stop()
    assert not thread.is_alive() and not list(tmp_path.rglob("*.tmp"))


def test_a_disk_that_takes_nothing_ends_the_files_and_not_the_run(tmp_path, capfd, wait_until):
    (tmp_path / "full").write_text("a file where the folder should be")
    sampler = SystemSampler(tmp_path / "full", "algo-1", 100)
    sampler.start()
    wait_until(lambda: samples(sampler) >= 3)
    sampler.stop()
    assert capfd.readouterr().err.count("the profile's system metrics end here") == 1


def test_full_files_end_and_the_series_goes_on(tmp_path, capfd, wait_until):
    sampler = SystemSampler(tmp_path, "algo-1", 100, most_bytes=1)
    sampler.start()
    wait_until(lambda: samples(sampler) >= 3)
    sampler.stop()
    [file] = tmp_path.rglob("*.json")
    stamps = {line.split('"Timestamp":')[1] for line in file.read_text().splitlines()}
    assert len(stamps) == 1 and capfd.readouterr().err.count("the profile's system metrics end here") == 1
