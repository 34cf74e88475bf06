"""The edge to NVIDIA's driver: machines that test this have none, so a stand-in for pynvml answers as the driver
would.
"""

from types import SimpleNamespace

import pynvml
import pytest

from container.profiling import machine_counters
from container.profiling.machine_counters import GpuCounters
from container.profiling.system_files import Metric


class Driver:
    """GPUs as (utilisation in percent, used bytes, total bytes); None: the driver answers with an error."""

    NVMLError = pynvml.NVMLError

    def __init__(self, *gpus, works=True):
        self._gpus, self._works = gpus, works

    def nvmlInit(self):
        if not self._works:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    def nvmlDeviceGetCount(self):
        return len(self._gpus)

    def nvmlDeviceGetHandleByIndex(self, number):
        return number

    def nvmlDeviceGetUtilizationRates(self, number):
        return SimpleNamespace(gpu=self._told(self._gpus[number][0]), memory=3)

    def nvmlDeviceGetMemoryInfo(self, number):
        return SimpleNamespace(used=self._told(self._gpus[number][1]), total=self._gpus[number][2])

    def _told(self, value):
        if value is None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return value


def counters(monkeypatch, *gpus, **driver):
    monkeypatch.setattr(machine_counters, "pynvml", Driver(*gpus, **driver))
    return GpuCounters()


def test_each_gpu_has_its_utilisation_and_the_share_of_its_memory_in_use(monkeypatch):
    assert counters(monkeypatch, (87, 4 * 2**30, 16 * 2**30), (0, 0, 2**30)).read() == [
        Metric("gpu", "gpu0", "GPUUtilization", 87.0),
        Metric("gpu", "gpu0", "GPUMemoryUtilization", 25.0),
        Metric("gpu", "gpu1", "GPUUtilization", 0.0),
        Metric("gpu", "gpu1", "GPUMemoryUtilization", 0.0),
    ]


def test_a_dead_gpu_counter_is_left_out(monkeypatch):
    found = counters(monkeypatch, (None, 2**29, 2**30), (50, None, 2**30)).read()
    assert found == [Metric("gpu", "gpu0", "GPUMemoryUtilization", 50.0), Metric("gpu", "gpu1", "GPUUtilization", 50.0)]


def test_without_a_driver_there_is_no_gpu(monkeypatch):
    assert counters(monkeypatch, (87, 1, 2), works=False).read() == []


def test_the_real_driver_or_its_absence_is_no_error():
    try:
        pynvml.nvmlInit()
        expected = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError:
        expected = 0
    assert len({metric.name for metric in GpuCounters().read()}) == expected


@pytest.mark.parametrize("gpus", [0, 3])
def test_gpus_are_called_gpu0_and_so_on(monkeypatch, gpus):
    found = counters(monkeypatch, *[(10, 1, 2)] * gpus).read()
    assert [metric.name for metric in found if metric.dimension == "GPUUtilization"] == [
        f"gpu{number}" for number in range(gpus)
    ]
