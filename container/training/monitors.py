"""Optional per-step monitors. A disabled monitor adds no overhead.

`Monitors` is what a training loop calls; of those it hands on to, the gradient norms are here.
"""

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from container.profiling.step_times import StepTimes
from container.profiling.traces import Traces

if TYPE_CHECKING:
    from container.debugging.tensor_hook import TensorHook  # takes seconds to import

GRADIENT_POINTS = 60  # steps of a run whose gradients are measured


class GradientNorms:
    """The L2 norm of the gradient of every weight with more than one dimension, at some 60 steps of a run."""

    def __init__(self, model: nn.Module, steps: int):
        """steps: of the whole run."""
        self._weights = {
            name.removesuffix(".weight"): weight for name, weight in model.named_parameters() if weight.ndim > 1
        }
        self._interval = max(1, math.ceil(steps / GRADIENT_POINTS))
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


@dataclass
class Monitors:
    """times: duration of each phase of a step. hook: saves tensors for the rules. norms: gradient norms by layer.
    traces: torch.profiler on some steps.
    """

    times: StepTimes | None = None
    hook: "TensorHook | None" = None
    norms: GradientNorms | None = None
    traces: Traces | None = None

    def settle(self) -> None:
        """Wait until no other thread uses the GPU for a monitor: a capture of CUDA graphs would fail."""
        if self.hook:
            self.hook.flush()

    def begin(self) -> None:
        """Steps follow."""
        if self.times:
            self.times.begin()

    def mark(self, phase: str) -> None:
        """The time since the last mark belongs to `phase` (`StepTimes`)."""
        if self.times:
            self.times.mark(phase)

    def before_step(self, step: int) -> bool:
        """step: from 0. Whether the hook saves this one."""
        if self.traces:
            self.traces.before_step(step + 1)
        return self.hook is not None and self.hook.begin_step("TRAIN")

    def beside(self, phase: str) -> AbstractContextManager[None]:
        """A context for work in another thread during the steps (`StepTimes`)."""
        return self.times.beside(phase) if self.times else nullcontext()

    def needs_module_hooks(self, model: nn.Module, saved: bool) -> bool:
        """Whether a saved step needs hooks on the model's modules, which a replayed CUDA graph does not call."""
        return saved and self.hook is not None and self.hook.needs_module_hooks(model)

    def module_hooks(self, model: nn.Module, needed: bool) -> AbstractContextManager[None]:
        """A context for the forward pass: the hooks on the model's modules where they are needed."""
        return self.hook.module_hooks(model) if self.hook and needed else nullcontext()

    def after_backward(
        self, step: int, loss: torch.Tensor, model: nn.Module, saved: bool, scaler: torch.amp.GradScaler
    ) -> None:
        """Take from the gradients what the monitors want of this step.

        Args:
            step: from 0.
            loss: scalar, of the step.
            model: with its gradients, multiplied by the scaler's scale.
            saved: whether the hook saves this step (`before_step`).
            scaler: the run's.
        """
        norms = self.norms if self.norms and self.norms.due(step) else None
        hook = self.hook if saved else None
        if not norms and not hook:
            return
        gradient_scale = scaler.get_scale() if scaler.is_enabled() else 1.0
        if norms:
            norms.take(step, gradient_scale)
        if hook:
            hook.save_step(loss, model, gradient_scale)

    def after_step(self, step: int) -> None:
        if self.traces:
            self.traces.after_step(step + 1)
        if self.times:
            self.times.end_step()

    def after_evaluation(self, seconds: float, loss: float) -> None:
        if self.times:
            self.times.evaluation(seconds)
        if self.hook:
            self.hook.save_evaluation(loss)
