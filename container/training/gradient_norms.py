"""How large the gradients of each layer are in the course of a run."""

import math
from typing import Any

import torch
from torch import nn

POINTS = 60  # steps of a run that are measured


class GradientNorms:
    """The L2 norm of the gradient of every weight with more than one dimension, at some 60 steps of a run."""

    def __init__(self, model: nn.Module, steps: int):
        """steps: of the whole run."""
        self._weights = {
            name.removesuffix(".weight"): weight for name, weight in model.named_parameters() if weight.ndim > 1
        }
        self._interval = max(1, math.ceil(steps / POINTS))
        self._taken: list[tuple[int, list[str], torch.Tensor, bool]] = []

    def due(self, step: int) -> bool:
        return step % self._interval == 0

    def take(self, step: int, gradient_scale: float) -> None:
        """Measure the gradients as they are, divided by gradient_scale. Nothing waits for a GPU."""
        there = {name: weight.grad for name, weight in self._weights.items() if weight.grad is not None}
        norms = torch.stack([gradient.float().norm() for gradient in there.values()]) / gradient_scale
        self._taken.append((step, list(there), norms, gradient_scale != 1.0))

    def series(self) -> dict[str, Any]:
        """{"steps": [...], "layers": {name: [a norm for each of the steps, None where the layer did not learn]}}.

        A gradient that overflowed by its scale is None as well: a GradScaler skips such a step.
        """
        taken = [
            (
                step,
                {
                    name: norm
                    for name, norm in zip(names, norms.tolist(), strict=True)
                    if math.isfinite(norm) or not is_scaled
                },
            )
            for step, names, norms, is_scaled in self._taken
        ]
        return {
            "steps": [step for step, _ in taken],
            "layers": {
                name: [norms.get(name) for _, norms in taken]
                for name in self._weights
                if any(name in norms for _, norms in taken)
            },
        }
