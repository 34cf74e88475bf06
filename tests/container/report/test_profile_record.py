"""The profile as the report shows it."""

import pytest
import torch

from container.profiling.step_times import StepTimes
from container.report.profile_record import _NAMES, _OF_EACH_GPU, step_times_record, system_record
from container.report.system_timeline import legend_of


def test_cores_are_one_line_and_gpus_one_each_and_bytes_are_megabytes():
    series = {
        "seconds": [0.5, 1.0],
        "values": {
            "cores/CPUOfOthers": [3.0, 4.0],
            "cores/CPUStolen": [0.2, 0.0],
            "cores/CPULimitReached": [60.0, None],
            "cores/CPUIdle": [1.0, 1.0],
            "cpu0/CPUUtilization": [100.0, 50.0],
            "cpu1/CPUUtilization": [0.0, None],
            "MemoryUsedPercent": [7.0, 8.0],
            "gpu0/GPUUtilization": [1.0, 2.0],
            "gpu1/GPUUtilization": [3.0, 4.0],
            "gpu1/GPUMemoryUtilization": [5.0, 6.0],
            "ReceiveBytesPerSecond/Algorithm": [2e6, None],
            "IOPS": [1.0, 1.0],
        },
    }
    found = system_record(series)
    assert found.seconds == [0.5, 1.0] and found.series == {
        "CPU, %": [50.0, 50.0],
        "CPU of other programs, %": [3.0, 4.0],
        "CPU limit reached, %": [60.0, None],
        "memory, %": [7.0, 8.0],
        "GPU 0, %": [1.0, 2.0],
        "GPU 1, %": [3.0, 4.0],
        "memory of GPU 1, %": [5.0, 6.0],
        "received, MB/s": [2.0, None],
    }
    assert list(found.series)[:2] == ["CPU, %", "CPU of other programs, %"] and list(found.series)[-1].startswith("mem")


@pytest.mark.parametrize("name", [*(name for name, _ in _NAMES.values()), *_OF_EACH_GPU.values()])
def test_each_metric_that_is_shown_has_a_legend(name):
    assert len(legend_of(name.format(number=3))) > 10


def test_step_times_are_taken_over_whole():
    times = StepTimes(torch.device("cpu"))
    assert step_times_record(times) is None
    times.begin()
    for _ in range(5):
        times.mark("data")
        times.mark("forward")
        times.end_step()
    times.evaluation(3.0)
    found = step_times_record(times)
    assert found.step.count == 5 and set(found.summary) == {"data", "forward"} and found.evaluation_seconds == 3.0
    assert step_times_record(times, before=100).series.steps == [101, 102, 103, 104, 105]
    assert sum(phase.share for phase in found.summary.values()) == pytest.approx(1) and len(found.series.steps) == 5
