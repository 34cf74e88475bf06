"""The loop: `train_one_epoch` and `evaluate`, and the device, precision and learning rates they run with."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from container.augmentation import augment, mix
from container.failure import TrainingFailure
from container.hyperparameters import Hyperparameters
from container.model import set_training_mode
from container.picture_store import PictureStore
from container.preprocessing import Preprocessing

EVALUATION_BATCH = 128
SECONDS_BETWEEN_PROGRESS_LINES = 15


@dataclass(frozen=True)
class Compute:
    """Where and in which precision the steps run. dtype is that of autocast; float32 switches autocast off."""

    device: torch.device
    dtype: torch.dtype

    @classmethod
    def choose(cls) -> "Compute":
        """CUDA when there is one: bfloat16 from Ampere (sm_80) on, float16 before (T4 is sm_75). Else float32 on the CPU."""
        if not torch.cuda.is_available():
            return cls(torch.device("cpu"), torch.float32)
        major, _ = torch.cuda.get_device_capability()
        return cls(torch.device("cuda"), torch.bfloat16 if major >= 8 else torch.float16)

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def __str__(self) -> str:
        name = torch.cuda.get_device_name() if self.device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
        return f"{name}, {str(self.dtype).removeprefix('torch.')}"


def learning_rate(step: int, steps: int, warmup_steps: int, peak: float) -> float:
    """The rate for `step` (0-based) of `steps`: a linear rise to `peak`, then half a cosine down towards 0."""
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / max(1, steps - warmup_steps)))


def create_optimizer(model: nn.Module, lr: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW over the trainable parameters; biases and normalisation layers do not decay."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [one for one in trainable if one.ndim > 1], "weight_decay": weight_decay},
        {"params": [one for one in trainable if one.ndim <= 1], "weight_decay": 0.0},
    ]
    # fused: one pass over the weights instead of a dozen, on the CPU too
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=lr, fused=True)


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
        self, model: nn.Module, pictures: PictureStore, class_count: int, preprocessing: Preprocessing,
        hyperparameters: Hyperparameters, compute: Compute, stop_requested: Callable[[], bool] = lambda: False,
    ):
        self.model = model.to(compute.device, memory_format=torch.channels_last)
        self._pictures = pictures
        self._class_count = class_count
        self._preprocessing = preprocessing
        self._chosen = hyperparameters
        self._compute = compute
        self._stop_requested = stop_requested
        self._random = torch.Generator().manual_seed(hyperparameters.seed)
        self._optimizer = create_optimizer(model, hyperparameters.lr, hyperparameters.weight_decay)
        self._scaler = torch.amp.GradScaler(compute.device.type, enabled=compute.dtype == torch.float16)
        self._steps_per_epoch = max(1, len(pictures) // hyperparameters.batch_size)
        self._step = 0

    def train_one_epoch(self, epoch: int) -> float:
        """One pass over the training pictures. Returns the mean training loss of its steps.

        Ends early when a stop was requested. Raises TrainingFailure when the loss is no longer a number.
        """
        set_training_mode(self.model)
        losses: list[torch.Tensor] = []
        last_line = time.monotonic()
        for batch in shuffled_batches(len(self._pictures), self._chosen.batch_size, self._random):
            losses.append(self._train_step(batch))
            if self._stop_requested():
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

    def _train_step(self, batch: torch.Tensor) -> torch.Tensor:
        chosen, device = self._chosen, self._compute.device
        squares = self._pictures.squares(batch).to(device, non_blocking=True)
        labels = self._pictures.labels[batch].to(device, non_blocking=True)
        pixels = augment(squares, chosen.image_size, chosen.min_crop, self._random)
        targets = F.one_hot(labels, self._class_count).float()
        if chosen.mixup:
            pixels, targets = mix(pixels, targets, chosen.mixup, self._random)
        rate = learning_rate(
            self._step, chosen.epochs * self._steps_per_epoch, round(chosen.warmup_epochs * self._steps_per_epoch), chosen.lr
        )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        with self._compute.autocast():
            logits = self.model(self._preprocessing.normalise(pixels))
            loss = F.cross_entropy(logits, targets, label_smoothing=chosen.label_smoothing)
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._step += 1
        return loss.detach()


@dataclass(frozen=True)
class Evaluation:
    """What a model made of a split. loss: mean cross-entropy; probabilities: float32 [n, classes]; labels: int64 [n]."""

    loss: float
    probabilities: torch.Tensor
    labels: torch.Tensor

    @property
    def accuracy(self) -> float:
        """Top-1, 0..1."""
        return float((self.probabilities.argmax(1) == self.labels).float().mean())


@torch.inference_mode()
def evaluate(model: nn.Module, pictures: PictureStore, preprocessing: Preprocessing, compute: Compute) -> Evaluation:
    """Run the model once over every picture of a split, prepared as the endpoint prepares it."""
    model.eval()
    outputs = []
    for start in range(0, len(pictures), EVALUATION_BATCH):
        batch = torch.arange(start, min(start + EVALUATION_BATCH, len(pictures)))
        pixels = preprocessing.centre(pictures.squares(batch)).to(compute.device, non_blocking=True)
        with compute.autocast():
            outputs.append(model(preprocessing.normalise(pixels)))
    logits = torch.cat(outputs).float().cpu()
    return Evaluation(float(F.cross_entropy(logits, pictures.labels)), logits.softmax(1), pictures.labels)
