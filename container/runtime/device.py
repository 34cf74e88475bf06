"""The device that a process computes on, and the precision of autocast there."""

from dataclasses import dataclass
from pathlib import Path

import torch

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
