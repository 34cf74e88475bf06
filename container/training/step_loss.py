"""The loss of a step, and its two passes as CUDA graphs.

A graph replays a pass's kernels with one call, where launching them one by one takes longer than a fast GPU takes to
run them. https://docs.pytorch.org/docs/stable/notes/cuda.html#partial-network-capture"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from container.runtime.device import ComputeDevice
from container.runtime.failure import TrainingFailure


class StepLoss(nn.Module):
    """inputs: float [b, ...]; targets: float [b, classes], shares that sum to 1 -> their mean cross-entropy."""

    def __init__(self, network: nn.Module, label_smoothing: float):
        super().__init__()
        self._network, self._label_smoothing = network, label_smoothing

    def forward(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return self.plain(inputs, targets)

    def plain(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The same, kernel by kernel also where `as_graphs` has made graphs of it."""
        return F.cross_entropy(self._network(inputs), targets, label_smoothing=self._label_smoothing)


def least_loss(class_count: int, label_smoothing: float) -> float:
    """The cross-entropy of the best answer there is to smoothed targets, their entropy: 0 without smoothing. Nats.

    https://arxiv.org/abs/1512.00567, section 7. Above it a training loss can be compared with one of evaluation.
    """
    others = label_smoothing / class_count
    shares = [1 - label_smoothing + others] + [others] * (class_count - 1)
    return -sum(share * math.log(share) for share in shares if share > 0)


def as_graphs(step_loss: StepLoss, inputs: torch.Tensor, targets: torch.Tensor, device: ComputeDevice) -> StepLoss:
    """The same function of inputs and targets of this shape, replayed; what it returns is overwritten by the next call.

    What is trainable and which parts are in training mode are as they are now. Raises TrainingFailure for a network
    that cannot be captured: one that makes Python wait for the GPU. (Afterwards torch's random numbers and memory are
    still as in a capture.)"""
    # Gradients are added up on the stream of the capture, as they shall be; torch warns of it.
    torch.autograd.graph.set_warn_on_accumulate_grad_stream_mismatch(False)
    buffers = [
        (buffer, buffer.clone()) for buffer in step_loss.buffers()
    ]  # statistics, which the passes before the capture change
    try:
        with device.autocast(cache=False):
            graphs = torch.cuda.make_graphed_callables(step_loss, (inputs, targets), allow_unused_input=True)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        if isinstance(error.__context__, torch.OutOfMemoryError):
            raise error.__context__ from None
        why = str(error.__context__ or error).splitlines()[0]
        raise TrainingFailure(
            f"This network's steps cannot be replayed as CUDA graphs: {why}. Set cuda-graphs=false."
        ) from error
    with torch.no_grad():
        for buffer, before in buffers:
            buffer.copy_(before)
    return graphs
