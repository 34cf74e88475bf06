"""What a model makes of a split: its loss and the probabilities of every example."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from container.compute import Compute
from container.examples import Examples

BATCH = 128


@dataclass(frozen=True)
class Evaluation:
    """loss: mean cross-entropy; probabilities: float32 [n, classes]; labels: int64 [n]."""

    loss: float
    probabilities: torch.Tensor
    labels: torch.Tensor

    @property
    def accuracy(self) -> float:
        """Top-1, 0..1."""
        return float((self.probabilities.argmax(1) == self.labels).float().mean())


@torch.inference_mode()
def evaluate(model: nn.Module, examples: Examples, compute: Compute) -> Evaluation:
    """Run the model once over every example of a split, prepared as the endpoint prepares it."""
    model.eval()
    outputs = []
    for start in range(0, len(examples.labels), BATCH):
        inputs = examples.evaluation_inputs(start, min(start + BATCH, len(examples.labels)), compute.device)
        with compute.autocast():
            outputs.append(model(inputs))
    logits = torch.cat(outputs).float().cpu()
    return Evaluation(float(F.cross_entropy(logits, examples.labels)), logits.softmax(1), examples.labels)
