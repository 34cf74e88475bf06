"""Where and in which precision the steps run."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Compute:
    """dtype is that of autocast; float32 switches autocast off."""

    device: torch.device
    dtype: torch.dtype

    @classmethod
    def choose(cls) -> "Compute":
        """CUDA when there is one: bfloat16 from Ampere (sm_80) on, float16 before (T4 is sm_75). Else float32 on the CPU."""
        if not torch.cuda.is_available():
            return cls(torch.device("cpu"), torch.float32)
        major, _ = torch.cuda.get_device_capability()
        return cls(torch.device("cuda"), torch.bfloat16 if major >= 8 else torch.float16)

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def __str__(self) -> str:
        name = torch.cuda.get_device_name() if self.device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
        return f"{name}, {str(self.dtype).removeprefix('torch.')}"
