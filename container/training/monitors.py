"""Optional per-step monitors. A disabled monitor adds no overhead."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from container.profiling.step_times import StepTimes
from container.profiling.traces import Traces
from container.training.gradient_norms import GradientNorms

if TYPE_CHECKING:
    from container.debugging.tensor_hook import TensorHook  # takes seconds to import


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
