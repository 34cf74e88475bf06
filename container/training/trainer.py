"""Training: `train_one_epoch`, and what goes on from one epoch to the next."""

import math
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from container.data.batches import Examples
from container.data.mixing import mix
from container.data.prefetch import prepared
from container.model.head import set_backbone_trainable, set_training_mode
from container.runtime.device import Compute
from container.runtime.failure import TrainingFailure
from container.runtime.ranks import Ranks
from container.runtime.seeds import random_for, seed_for
from container.training.monitors import Instruments
from container.training.optimizer import create_optimizer, set_rate
from container.training.schedule import Schedule
from container.training.step_loss import StepLoss, as_graphs, least_loss
from container.training.weight_average import WeightAverage
from contract.hyperparameters import Hyperparameters

SECONDS_BETWEEN_PROGRESS_LINES = 15


def shuffled_batches(count: int, batch_size: int, random: torch.Generator, processes: int = 1) -> list[torch.Tensor]:
    """Positions 0..count-1 in random order, in full batches; what is left over comes another epoch.

    A data set smaller than a batch is one batch, of as many as the processes can share equally.
    """
    order = torch.randperm(count, generator=random)
    if count < batch_size:
        return [order[: count - count % processes]]
    return [order[start : start + batch_size] for start in range(0, count - batch_size + 1, batch_size)]


class Trainer:
    """A model in training: everything that goes on from one epoch to the next.

    evaluated: the model to measure and to keep, which is the average of the weights where there is one. ranks: the
    processes that share every step out; batch-size is what all of them take together."""

    def __init__(
        self,
        model: nn.Module,
        examples: Examples,
        class_count: int,
        hyperparameters: Hyperparameters,
        compute: Compute,
        ranks: Ranks = Ranks(),
    ):
        self.model = model.to(compute.device, memory_format=torch.channels_last)
        set_backbone_trainable(model, not hyperparameters.freeze_backbone)
        self._examples = examples
        self._class_count = class_count
        self._chosen = chosen = hyperparameters
        self._compute, self._ranks = compute, ranks
        self.instruments = Instruments()
        self._step_loss, self._backbone_in_step = None, None
        self._least_loss = least_loss(class_count, chosen.label_smoothing)
        self._optimizer = create_optimizer(model, chosen.weight_decay, chosen.early_lr)
        self._scaler = torch.amp.GradScaler(compute.device.type, enabled=compute.dtype == torch.float16)
        self._average = WeightAverage(self.model, chosen.ema) if chosen.ema else None
        self.evaluated = self._average.model if self._average else self.model
        self._steps_per_epoch = max(1, len(examples.labels) // chosen.batch_size)
        self._schedule = Schedule(
            chosen.lr, self._steps_per_epoch, chosen.epochs, chosen.head_epochs, chosen.warmup_epochs
        )
        self._epoch, self._losses = 0, []
        self.step = 0  # how many are over, of all epochs

    def state_dict(self) -> dict:
        """All that changes from step to step, also in the middle of an epoch; for `load_state_dict` of another
        Trainer.
        """
        return {
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "average": self._average.model.state_dict() if self._average else {},
            "step": self.step,
            "epoch": self._epoch,
            "losses": torch.stack(self._losses).cpu() if self._losses else torch.empty(0),
        }

    def load_state_dict(self, state: dict) -> None:
        """Be where the other Trainer was: every step from here on is the one that it would have made."""
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        if self._average:
            self._average.model.load_state_dict(state["average"])
        self.step, self._epoch = state["step"], state["epoch"]
        self._losses = list(state["losses"].to(self._compute.device))

    @property
    def steps(self) -> int:
        """Of the whole run."""
        return self._steps_per_epoch * self._chosen.epochs

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
        seed = self._chosen.seed
        batches = shuffled_batches(
            len(self._examples.labels), self._chosen.batch_size, random_for(seed, epoch), self._ranks.size
        )
        self._choose_what_learns(epoch, batches[0])
        losses = self._losses
        last_line = time.monotonic()
        steps = range(len(losses), len(batches))
        self.instruments.begin()
        for inputs, targets in prepared(
            lambda number: self._prepare(batches[number], epoch, number), steps, self._compute.device
        ):
            self.instruments.mark("data")
            torch.manual_seed(seed_for(seed, epoch, len(losses), self._ranks.rank))  # dropout's, and stochastic depth's
            losses.append(self._train_step(inputs, targets))
            self.instruments.after_step(self.step - 1)
            if ends():
                break
            self.instruments.begin()  # a checkpoint is part of no step
            if self._ranks.rank == 0 and time.monotonic() - last_line > SECONDS_BETWEEN_PROGRESS_LINES:
                last_line = time.monotonic()
                print(f"epoch {epoch}: step {len(losses)} of {len(batches)}, loss {losses[-1]:.4f}", file=sys.stderr)
        # the only wait for the device in an epoch without progress lines
        mean = float(self._ranks.mean(torch.stack(losses).cpu()).mean())
        if not math.isfinite(mean):
            raise TrainingFailure(
                f"The training loss of epoch {epoch} is {mean}. Lower the hyperparameter lr (it is {self._chosen.lr})."
            )
        return mean

    def _choose_what_learns(self, epoch: int, rows: torch.Tensor) -> None:
        """The head alone or the whole network, and what computes the loss and its gradients for all processes.

        rows: those of a step.
        """
        backbone = not self._chosen.freeze_backbone and self._schedule.trains_backbone(epoch)
        set_backbone_trainable(self.model, backbone)
        set_training_mode(self.model)
        if backbone == self._backbone_in_step:
            return
        self._backbone_in_step = backbone
        on_gpu, network = self._compute.device.type == "cuda", self.model
        if self._ranks.size > 1:
            devices = [self._compute.device] if on_gpu else None
            network = DistributedDataParallel(network, device_ids=devices)  # it knows what is trainable when it is made
        self._step_loss = StepLoss(network, self._chosen.label_smoothing)
        if on_gpu and self._ranks.size == 1 and self._chosen.cuda_graphs:
            self.instruments.settle()
            self._step_loss = as_graphs(self._step_loss, *self._prepare(rows, epoch, 0), self._compute)

    def _prepare(self, rows: torch.Tensor, epoch: int, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets of a step, on the device. Runs in another thread, too, and before its turn."""
        chosen, device = self._chosen, self._compute.device
        random = random_for(chosen.seed, epoch, number)
        part = self._ranks.part(len(rows))
        with self.instruments.beside("host-to-device") if device.type == "cuda" else nullcontext():
            inputs = self._examples.training_inputs(rows, epoch, random, device, part)
            labels = self._examples.labels[rows[slice(*part)]].to(device, non_blocking=True)
        return mix(inputs, F.one_hot(labels, self._class_count).float(), chosen.mixup, chosen.cutmix, random)

    def _train_step(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        watch = self.instruments
        set_rate(self._optimizer, self._schedule.rate(self.step))
        saved = watch.before_step(self.step)
        watch.mark("hook")
        watched = watch.watches(self.model, saved)
        step_loss = self._step_loss.plain if watched else self._step_loss
        with watch.watching(self.model, watched), self._compute.autocast():
            loss = step_loss(inputs, targets)
        watch.mark("forward")
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        watch.mark("backward")
        watch.after_backward(self.step, loss.detach() - self._least_loss, self.model, saved, self._scaler)
        watch.mark("hook")
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self.step += 1
        if self._average:
            self._average.update(self.step)
        watch.mark("optimizer")
        return loss.detach().clone()
