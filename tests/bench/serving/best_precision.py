"""The network in the fastest form that gives the same answers: bfloat16 where the processor computes in it, half
precision on a GPU.
"""

from collections.abc import Callable

import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

from container.runtime.device import CPU_INFO, computes_in_bfloat16

WARM = 3  # the graph is compiled in the first runs of every batch size


def best_form(
    model: nn.Module, device: torch.device, image_size: int, batch_sizes: list[int]
) -> Callable[[torch.Tensor], torch.Tensor]:
    """float32 [n, 3, image_size, image_size] -> logits float32 [n, classes], ready for batches of the sizes given.

    Batch normalisation is folded into the convolutions. oneDNN's graph fuses what is left:
    https://pytorch.org/docs/stable/jit.html#torch.jit.enable_onednn_fusion
    """
    if device.type == "cuda":
        dtype = torch.float16
    else:
        dtype = torch.bfloat16 if computes_in_bfloat16(CPU_INFO.read_text()) else torch.float32
    network = fuse(model.eval()).to(device, dtype, memory_format=torch.channels_last)

    def cast(inputs: torch.Tensor) -> torch.Tensor:
        return inputs.to(device, dtype, memory_format=torch.channels_last)

    with torch.inference_mode():
        if device.type == "cpu":
            torch.jit.enable_onednn_fusion(True)
            network = torch.jit.freeze(
                torch.jit.trace(network, cast(torch.zeros(batch_sizes[0], 3, image_size, image_size)))
            )
        for size in batch_sizes:
            for _ in range(WARM):
                network(cast(torch.zeros(size, 3, image_size, image_size)))
    return lambda inputs: network(cast(inputs)).float()
