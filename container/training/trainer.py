"""Training: `train_one_epoch`, and the state that lasts from one epoch to the next."""

import math
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from container.data.batches import Examples, prepared, random_for, seed_for, shuffled_batches
from container.data.mixing import mix
from container.model.head import set_backbone_trainable, set_training_mode
from container.runtime.device import ComputeDevice, train_depthwise_in_float32
from container.runtime.failure import TrainingFailure
from container.runtime.ranks import ALONE, Ranks
from container.training.monitors import Monitors
from container.training.optimization import Schedule, WeightAverage, create_optimizer, set_rate
from container.training.step_loss import StepLoss, as_graphs, least_loss
from contract.hyperparameters import Hyperparameters

SECONDS_BETWEEN_PROGRESS_LINES = 15


class Trainer:
    """A model in training, with its optimiser, schedule and average of the weights.

    evaluated: the model to evaluate and to keep; with hyperparameter ema the average of the weights. ranks: the
    processes that share every step's batch; batch-size counts all of them together. monitors: observe the steps; none
    by default. least_loss: what label smoothing leaves of the training loss at least."""

    def __init__(
        self,
        model: nn.Module,
        examples: Examples,
        class_count: int,
        hyperparameters: Hyperparameters,
        device: ComputeDevice,
        ranks: Ranks = ALONE,
    ):
        self.model = model.to(device.torch_device, memory_format=torch.channels_last)
        if device.torch_device.type == "cpu" and device.dtype == torch.bfloat16:
            train_depthwise_in_float32(self.model)
        set_backbone_trainable(model, not hyperparameters.freeze_backbone)
        self._examples = examples
        self._class_count = class_count
        self._hyperparameters = hyperparameters
        self._device, self._ranks = device, ranks
        self.monitors = Monitors()
        self._step_loss: StepLoss | None = None
        self._backbone_in_step: bool | None = None
        self.least_loss = least_loss(class_count, hyperparameters.label_smoothing)
        self._optimizer = create_optimizer(model, hyperparameters.weight_decay, hyperparameters.early_lr)
        self._scaler = torch.amp.GradScaler(device.torch_device.type, enabled=device.dtype == torch.float16)
        self._average = WeightAverage(self.model, hyperparameters.ema) if hyperparameters.ema else None
        self.evaluated = self._average.model if self._average else self.model
        self._steps_per_epoch = max(1, len(examples.labels) // hyperparameters.batch_size)
        self._schedule = Schedule(
            hyperparameters.lr,
            self._steps_per_epoch,
            hyperparameters.epochs,
            hyperparameters.head_epochs,
            hyperparameters.warmup_epochs,
        )
        self._epoch = 0
        self._losses: list[torch.Tensor] = []  # of this epoch's steps, scalars on the device
        self.step = 0  # number of finished steps, over all epochs

    def state_dict(self) -> dict[str, Any]:
        """All state that changes from step to step, also in the middle of an epoch; for `load_state_dict`."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "average": self._average.model.state_dict() if self._average else {},
            "step": self.step,
            "epoch": self._epoch,
            "losses": torch.stack(self._losses).cpu() if self._losses else torch.empty(0),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where another Trainer was: every later step is the one that it would have made."""
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        if self._average:
            self._average.model.load_state_dict(state["average"])
        self.step, self._epoch = state["step"], state["epoch"]
        self._losses = list(state["losses"].to(self._device.torch_device))

    @property
    def steps(self) -> int:
        """Number of steps of the whole run."""
        return self._steps_per_epoch * self._hyperparameters.epochs

    @property
    def last_learning_rate(self) -> float:
        """The head's, in the last step."""
        return self._schedule.rate(max(0, self.step - 1))

    def has_finished(self, epoch: int) -> bool:
        """Whether every step of this epoch, the last one begun, is over."""
        return self._epoch == epoch and len(self._losses) == self._steps_per_epoch

    def train_one_epoch(self, epoch: int, ends: Callable[[], bool] = lambda: False) -> float:
        """One pass over the training examples, or the rest of one. Returns the mean training loss of its steps.

        ends() is asked after each step whether to end early. Raises TrainingFailure when the loss is no longer a
        number."""
        if self._epoch != epoch:
            self._epoch, self._losses = epoch, []
        seed = self._hyperparameters.seed
        batches = shuffled_batches(
            len(self._examples.labels),
            self._hyperparameters.batch_size,
            random_for(seed, epoch),
            self._ranks.world_size,
        )
        self._set_trainable(epoch, batches[0])
        losses = self._losses
        last_line = time.monotonic()
        steps = range(len(losses), len(batches))
        self.monitors.begin()
        for inputs, targets in prepared(
            lambda number: self._prepare(batches[number], epoch, number), steps, self._device.torch_device
        ):
            self.monitors.mark("data")
            torch.manual_seed(seed_for(seed, epoch, len(losses), self._ranks.rank))  # dropout's, and stochastic depth's
            losses.append(self._train_step(inputs, targets))
            self.monitors.after_step(self.step - 1)
            if ends():
                break
            self.monitors.begin()  # a checkpoint is part of no step
            if self._ranks.rank == 0 and time.monotonic() - last_line > SECONDS_BETWEEN_PROGRESS_LINES:
                last_line = time.monotonic()
                print(f"epoch {epoch}: step {len(losses)} of {len(batches)}, loss {losses[-1]:.4f}", file=sys.stderr)
        # in an epoch without progress lines the only wait for the device
        mean = float(self._ranks.mean(torch.stack(losses).cpu()).mean())
        if not math.isfinite(mean):
            then = (
                ", and if that does not help set mixed-precision=false" if self._hyperparameters.mixed_precision else ""
            )
            raise TrainingFailure(
                f"The training loss of epoch {epoch} is {mean}. Lower the hyperparameter lr (it is "
                f"{self._hyperparameters.lr}){then}."
            )
        return mean

    def _set_trainable(self, epoch: int, rows: torch.Tensor) -> None:
        """Train the head alone or the whole network, as the schedule has it for this epoch; sets the step's loss.

        rows: those of one step, for the capture of CUDA graphs.
        """
        backbone = not self._hyperparameters.freeze_backbone and self._schedule.trains_backbone(epoch)
        set_backbone_trainable(self.model, backbone)
        set_training_mode(self.model, self._hyperparameters.freeze_batch_norm)
        if backbone == self._backbone_in_step:
            return
        self._backbone_in_step = backbone
        on_gpu, network = self._device.torch_device.type == "cuda", self.model
        if self._ranks.world_size > 1:
            devices = [self._device.torch_device] if on_gpu else None
            network = DistributedDataParallel(network, device_ids=devices)  # it knows what is trainable when it is made
        step_loss = StepLoss(network, self._hyperparameters.label_smoothing)
        if on_gpu and self._ranks.world_size == 1 and self._hyperparameters.cuda_graphs:
            self.monitors.settle()
            step_loss = as_graphs(step_loss, *self._prepare(rows, epoch, 0), self._device)
        self._step_loss = step_loss

    def _prepare(self, rows: torch.Tensor, epoch: int, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets of a step, on the device. On a GPU it runs ahead, in another thread."""
        hyperparameters, device = self._hyperparameters, self._device.torch_device
        random = random_for(hyperparameters.seed, epoch, number)
        part = self._ranks.part(len(rows))
        with self.monitors.beside("host-to-device") if device.type == "cuda" else nullcontext():
            inputs = self._examples.training_inputs(rows, epoch, random, device, part)
            labels = self._examples.labels[rows[slice(*part)]].to(device, non_blocking=True)
        return mix(
            inputs, F.one_hot(labels, self._class_count).float(), hyperparameters.mixup, hyperparameters.cutmix, random
        )

    def _train_step(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        monitors = self.monitors
        set_rate(self._optimizer, self._schedule.rate(self.step))
        saved = monitors.before_step(self.step)
        monitors.mark("hook")
        hooked = monitors.needs_module_hooks(self.model, saved)
        assert self._step_loss is not None  # of _set_trainable
        step_loss = self._step_loss.plain if hooked else self._step_loss
        with monitors.module_hooks(self.model, hooked), self._device.autocast():
            loss = step_loss(inputs, targets)
        monitors.mark("forward")
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        monitors.mark("backward")
        monitors.after_backward(self.step, loss.detach() - self.least_loss, self.model, saved, self._scaler)
        monitors.mark("hook")
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self.step += 1
        if self._average:
            self._average.update(self.step)
        monitors.mark("optimizer")
        return loss.detach().clone()
