"""Utilisation and memory of the GPUs, from NVIDIA's driver: https://docs.nvidia.com/deploy/nvml-api/"""

from typing import Any

import pynvml

from container.profiling.system_files import Metric


class GpuCounters:
    """The GPUs that the driver shows in this container; none where there is no driver or it answers with an error."""

    def __init__(self) -> None:
        self._gpus = []
        try:
            pynvml.nvmlInit()
            self._gpus = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError:
            pass

    def read(self) -> list[Metric]:
        """Utilisation in the driver's last sampling period (1/6 s to 1 s), and memory in use; percent.

        What a GPU does not tell is left out.
        """
        metrics = []
        for number, gpu in enumerate(self._gpus):
            for dimension, percent in (("GPUUtilization", _utilization), ("GPUMemoryUtilization", _memory)):
                try:
                    metrics.append(Metric("gpu", f"gpu{number}", dimension, round(percent(gpu), 2)))
                except pynvml.NVMLError:
                    continue
        return metrics


def _utilization(gpu: Any) -> float:
    return float(pynvml.nvmlDeviceGetUtilizationRates(gpu).gpu)


def _memory(gpu: Any) -> float:
    memory = pynvml.nvmlDeviceGetMemoryInfo(gpu)
    return 100 * memory.used / memory.total
