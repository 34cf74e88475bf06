"""Training: the rate and the order of the steps, and `train_one_epoch`."""

import math
import sys
import time
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import nn

from container.augmentation import mix
from container.compute import Compute
from container.eager_adamw import EagerAdamW
from container.examples import Examples
from container.failure import TrainingFailure
from container.head import set_training_mode
from container.hyperparameters import Hyperparameters

SECONDS_BETWEEN_PROGRESS_LINES = 15


def learning_rate(step: int, steps: int, warmup_steps: int, peak: float) -> float:
    """The rate for `step` (0-based) of `steps`: a linear rise to `peak`, then half a cosine down towards 0."""
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / max(1, steps - warmup_steps)))


def create_optimizer(model: nn.Module, lr: float, weight_decay: float) -> EagerAdamW:
    """AdamW over the trainable parameters; biases and normalisation layers do not decay."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [one for one in trainable if one.ndim > 1], "weight_decay": weight_decay},
        {"params": [one for one in trainable if one.ndim <= 1], "weight_decay": 0.0},
    ]
    # fused: one pass over the weights instead of a dozen, on the CPU too
    return EagerAdamW([group for group in groups if group["params"]], lr=lr, fused=True)


def shuffled_batches(count: int, batch_size: int, random: torch.Generator) -> Iterator[torch.Tensor]:
    """Positions 0..count-1 in random order, in full batches; what is left over comes another epoch.

    A data set smaller than a batch is one batch.
    """
    order = torch.randperm(count, generator=random)
    if count < batch_size:
        yield order
        return
    yield from (order[start : start + batch_size] for start in range(0, count - batch_size + 1, batch_size))


class Trainer:
    """A model in training: everything that goes on from one epoch to the next."""

    def __init__(
        self, model: nn.Module, examples: Examples, class_count: int, hyperparameters: Hyperparameters, compute: Compute,
    ):
        self.model = model.to(compute.device, memory_format=torch.channels_last)
        self._examples = examples
        self._class_count = class_count
        self._chosen = hyperparameters
        self._compute = compute
        self._random = torch.Generator().manual_seed(hyperparameters.seed)
        self._optimizer = create_optimizer(model, hyperparameters.lr, hyperparameters.weight_decay)
        self._scaler = torch.amp.GradScaler(compute.device.type, enabled=compute.dtype == torch.float16)
        self._steps_per_epoch = max(1, len(examples.labels) // hyperparameters.batch_size)
        self._epoch, self._batches, self._losses = 0, (), []
        self.step = 0  # how many are over, of all epochs

    def state_dict(self) -> dict:
        """All that changes from step to step, also in the middle of an epoch; for `load_state_dict` of another Trainer."""
        state = {
            "model": self.model.state_dict(), "optimizer": self._optimizer.state_dict(), "scaler": self._scaler.state_dict(),
            "step": self.step, "epoch": self._epoch, "batches": list(self._batches),
            "losses": torch.stack(self._losses).cpu() if self._losses else torch.empty(0),
            "random": self._random.get_state(), "torch_random": torch.get_rng_state(),
        }
        if self._compute.device.type == "cuda":
            state["cuda_random"] = torch.cuda.get_rng_state()
        return state

    def load_state_dict(self, state: dict) -> None:
        """Be where the other Trainer was: every step from here on is the one that it would have made."""
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        self.step, self._epoch, self._batches = state["step"], state["epoch"], tuple(state["batches"])
        self._losses = list(state["losses"].to(self._compute.device))
        self._random.set_state(state["random"])
        torch.set_rng_state(state["torch_random"])
        if self._compute.device.type == "cuda" and "cuda_random" in state:
            torch.cuda.set_rng_state(state["cuda_random"])

    def has_finished(self, epoch: int) -> bool:
        """Whether every step of this epoch, the last one begun, is over."""
        return self._epoch == epoch and len(self._losses) == len(self._batches)

    def train_one_epoch(self, epoch: int, ends: Callable[[], bool] = lambda: False) -> float:
        """One pass over the training examples, or the rest of one. Returns the mean training loss of its steps.

        ends() is asked after each step whether to end early. Raises TrainingFailure when the loss is no longer a number.
        """
        set_training_mode(self.model)
        if self._epoch != epoch:
            self._epoch, self._losses = epoch, []
            self._batches = tuple(shuffled_batches(len(self._examples.labels), self._chosen.batch_size, self._random))
        losses = self._losses
        last_line = time.monotonic()
        for batch in self._batches[len(losses):]:
            losses.append(self._train_step(batch, epoch))
            if ends():
                break
            if time.monotonic() - last_line > SECONDS_BETWEEN_PROGRESS_LINES:
                last_line = time.monotonic()
                print(f"epoch {epoch}: step {len(losses)} of {self._steps_per_epoch}, loss {losses[-1]:.4f}", file=sys.stderr)
        mean = float(torch.stack(losses).mean())  # the only wait for the device in an epoch without progress lines
        if not math.isfinite(mean):
            raise TrainingFailure(
                f"The training loss of epoch {epoch} is {mean}. Lower the hyperparameter lr (it is {self._chosen.lr})."
            )
        return mean

    def _train_step(self, rows: torch.Tensor, epoch: int) -> torch.Tensor:
        chosen, device = self._chosen, self._compute.device
        inputs = self._examples.training_inputs(rows, epoch, self._random, device)
        labels = self._examples.labels[rows].to(device, non_blocking=True)
        targets = F.one_hot(labels, self._class_count).float()
        if chosen.mixup:
            inputs, targets = mix(inputs, targets, chosen.mixup, self._random)
        rate = learning_rate(
            self.step, chosen.epochs * self._steps_per_epoch, round(chosen.warmup_epochs * self._steps_per_epoch), chosen.lr
        )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        with self._compute.autocast():
            logits = self.model(inputs)
            loss = F.cross_entropy(logits, targets, label_smoothing=chosen.label_smoothing)
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self.step += 1
        return loss.detach()
