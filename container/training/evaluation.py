"""What a model makes of a split: its loss, the logits and probabilities of every example, and the figures of them."""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from container.data.batches import Examples, prepared
from container.model.head import head_of
from container.runtime.device import ComputeDevice
from container.runtime.ranks import ALONE, Ranks
from container.training.temperature import NOT_FITTED, Temperature

BATCH = 128


@dataclass(frozen=True)
class Evaluation:
    """loss: mean cross-entropy, without the temperature, as training has it; logits: float32 [n, classes]; labels:
    int64 [n]; temperature: the model's.
    """

    loss: float
    logits: torch.Tensor
    labels: torch.Tensor
    temperature: Temperature = NOT_FITTED

    @property
    def probabilities(self) -> torch.Tensor:
        """float32 [n, classes], as the endpoint answers them."""
        return (self.logits / self.temperature.value).softmax(1)

    @property
    def accuracy(self) -> float:
        """Top-1, 0..1."""
        return float((self.logits.argmax(1) == self.labels).float().mean())


@torch.inference_mode()
def evaluate(
    model: nn.Module, examples: Examples, device: ComputeDevice, test_flip: bool = False, ranks: Ranks = ALONE
) -> Evaluation:
    """Run the model over every example of a split, as the endpoint prepares it; without a temperature.

    ranks: the processes that share the examples out; each example is counted once, and all get the whole result.
    """
    model.eval()
    ranks.share_statistics(model)
    first, end = ranks.part(len(examples.labels))
    outputs = [torch.empty((0, head_of(model)[-1].out_features), device=device.torch_device)]

    def batch(start: int) -> tuple[torch.Tensor]:
        return (examples.evaluation_inputs(start, min(start + BATCH, end), device.torch_device),)

    for [inputs] in prepared(batch, range(first, end, BATCH), device.torch_device):
        with device.autocast():
            outputs.append(logits_of(model, inputs, test_flip).float())
    logits = ranks.all_parts(torch.cat(outputs).cpu(), len(examples.labels))
    return Evaluation(float(F.cross_entropy(logits, examples.labels)), logits, examples.labels)


def logits_of(model: nn.Module, inputs: torch.Tensor, test_flip: bool) -> torch.Tensor:
    """inputs: float32 [b, 3, h, w] -> logits [b, classes], the mean of both where test_flip."""
    logits = model(inputs)
    return (logits + model(inputs.flip(-1))) / 2 if test_flip else logits


def evaluation_report(evaluation: Evaluation, classes: tuple[str, ...]) -> dict[str, Any]:
    """The figures of a split, for JSON: top-1 with its 95% interval, top-5, and the confusion matrix.

    `confusion_matrix[i][j]` counts pictures of `classes[i]` that were named `classes[j]`.
    """
    labels, best_first = evaluation.labels, evaluation.logits.argsort(dim=1, descending=True)
    named = best_first[:, 0]
    correct = int((named == labels).sum())
    within = {k: float((best_first[:, :k] == labels[:, None]).any(1).float().mean()) for k in (1, 5)}
    matrix = torch.zeros(len(classes), len(classes), dtype=torch.int64)
    matrix.index_put_((labels, named), torch.ones_like(labels), accumulate=True)
    low, high = wilson_interval(correct, len(labels))
    return {
        "n": len(labels),
        "loss": evaluation.loss,
        "top1": within[1],
        "top1_interval_95": [low, high],
        "top5": within[5],
        "classes": list(classes),
        "confusion_matrix": matrix.tolist(),
    }


def wilson_interval(correct: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """95% interval of a share, honest near 0 and 1 and for few pictures (Wilson 1927, doi:10.2307/2276774)."""
    share, z2 = correct / count, z * z
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = z / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count))
    return max(0.0, centre - half), min(1.0, centre + half)
