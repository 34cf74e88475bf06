"""The peer of bench-training: what torchvision's reference training for classification does, with torchvision's own
functions.

https://github.com/pytorch/vision/tree/main/references/classification: ImageFolder with PIL, RandomResizedCrop, flip,
normalise; SGD with momentum 0.9 and weight decay 1e-4, a rate of 0.1 for batches of 256 and in proportion for smaller
ones, float32. Of its options: --lr-scheduler cosineannealinglr --label-smoothing 0.1, with which it learns faster in
few epochs than by default. It differs from the script in two things: an incomplete last batch is left out, as ours
leaves it out, and there is no log."""

from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import models
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
TO_TENSOR = [v2.PILToTensor(), v2.ToDtype(torch.float, scale=True), v2.Normalize(MEAN, STD), v2.ToPureTensor()]


def training_loader(folder: Path, image_size: int, batch_size: int, workers: int, seed: int) -> DataLoader:
    """Shuffled full batches of (float32 [b, 3, image_size, image_size], int64 [b])."""
    views = v2.Compose([v2.RandomResizedCrop(image_size, antialias=True), v2.RandomHorizontalFlip(0.5), *TO_TENSOR])
    return DataLoader(
        ImageFolder(folder, views),
        batch_size,
        shuffle=True,
        num_workers=workers,
        drop_last=True,
        generator=torch.Generator().manual_seed(seed),
    )


def evaluation_loader(folder: Path, image_size: int, workers: int) -> DataLoader:
    centre = v2.Compose(
        [v2.Resize(round(image_size * 256 / 224), antialias=True), v2.CenterCrop(image_size), *TO_TENSOR]
    )
    return DataLoader(ImageFolder(folder, centre), 128, num_workers=workers)


def reference_model(arch: str, class_count: int) -> nn.Module:
    return models.get_model(arch, weights=None, num_classes=class_count)


def reference_optimizer(model: nn.Module, batch_size: int) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.1 * batch_size / 256, momentum=0.9, weight_decay=1e-4)


def reference_schedule(optimizer: torch.optim.Optimizer, epochs: int) -> torch.optim.lr_scheduler.LRScheduler:
    """Half a cosine, by epoch."""
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)


def train_one_epoch(model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer) -> float:
    """Mean loss. Like the reference it looks at the loss and the top-1 of every step."""
    model.train()
    losses = []
    for inputs, labels in loader:
        outputs = model(inputs)
        loss = nn.functional.cross_entropy(outputs, labels, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        (outputs.argmax(1) == labels).float().mean().item()
    return sum(losses) / len(losses)


@torch.inference_mode()
def evaluate(model: nn.Module, loader: DataLoader) -> tuple[float, float]:
    """Cross-entropy and top-1 over the split."""
    model.eval()
    outputs, labels = zip(*((model(inputs), labels) for inputs, labels in loader), strict=True)
    logits, labels = torch.cat(outputs), torch.cat(labels)
    return float(nn.functional.cross_entropy(logits, labels)), float((logits.argmax(1) == labels).float().mean())
