"""The device that a process computes on, and the precision there: autocast's, and what is left out of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class ComputeDevice:
    """torch_device: a CPU or one GPU. dtype: of autocast; float32 switches autocast off."""

    torch_device: torch.device
    dtype: torch.dtype

    @classmethod
    def choose(cls, local_rank: int = 0, mixed_precision: bool = True) -> "ComputeDevice":
        """CUDA when there is one: bfloat16 from Ampere (sm_80) on, float16 before (T4 is sm_75).

        Else the CPU: bfloat16 where it has instructions for it, else float32; without mixed_precision float32
        everywhere. local_rank: the number of the process on its host, and of its GPU."""
        if not torch.cuda.is_available():
            faster = mixed_precision and computes_in_bfloat16(CPU_INFO.read_text())
            return cls(torch.device("cpu"), torch.bfloat16 if faster else torch.float32)
        torch.cuda.set_device(local_rank)
        major, _ = torch.cuda.get_device_capability()
        faster = torch.bfloat16 if major >= 8 else torch.float16
        return cls(torch.device("cuda", local_rank), faster if mixed_precision else torch.float32)

    def autocast(self, cache: bool = True) -> torch.autocast:
        """cache: whether weights are cast once and kept until the end of the context."""
        return torch.autocast(
            self.torch_device.type, self.dtype, enabled=self.dtype != torch.float32, cache_enabled=cache
        )

    def __str__(self) -> str:
        name = (
            torch.cuda.get_device_name()
            if self.torch_device.type == "cuda"
            else f"CPU, {torch.get_num_threads()} threads"
        )
        return f"{name}, {str(self.dtype).removeprefix('torch.')}"


def computes_in_bfloat16(cpu_info: str) -> bool:
    """Whether a processor multiplies matrices in bfloat16 faster than in float32. cpu_info: what /proc/cpuinfo says.

    AMX came with Intel's Sapphire Rapids, AVX512-BF16 with it and with AMD's Zen 4; elsewhere bfloat16 is emulated, and
    slower."""
    flags = {
        flag for line in cpu_info.splitlines() if line.startswith("flags") for flag in line.split(":", 1)[1].split()
    }
    return not flags.isdisjoint({"amx_bf16", "avx512_bf16"})


def train_depthwise_in_float32(model: nn.Module) -> None:
    """Change `model` in place: under autocast its depthwise convolutions that bfloat16 slows down compute in float32.

    What they take and give keeps its dtype; parameters and their names stay as they are. For training on a processor:
    oneDNN's backward pass for them is slow in bfloat16. With 240 channels and a 3x3 of stride 2 it took 122 ms, in
    float32 1.4; the gradient of a 5x5's weights takes four to six times as long (torch 2.10, AVX512-BF16). With these
    in float32 a training step takes 0.6 of the time with EfficientNet-Lite0, 0.5 with MobileNetV3 and MnasNet, 0.7 with
    ConvNeXt. A 3x3 of stride 1, grouped and ordinary convolutions are faster in bfloat16, and stay in it.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and is_slow_in_bfloat16(module):
            module.forward = partial(_in_float32, module.forward)


def is_slow_in_bfloat16(convolution: nn.Conv2d) -> bool:
    """Whether it is a depthwise convolution other than a 3x3 of stride 1, one output channel for each input's."""
    if convolution.groups == 1 or convolution.groups != convolution.in_channels:
        return False
    return (
        max(convolution.stride) > 1
        or max(convolution.kernel_size) > 3
        or convolution.out_channels > convolution.in_channels
    )


def _in_float32(forward: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor) -> torch.Tensor:
    with torch.autocast(inputs.device.type, enabled=False):
        return forward(inputs.float()).to(inputs.dtype)
