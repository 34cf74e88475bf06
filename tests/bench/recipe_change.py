"""Runs in the train image: a recipe with one hyperparameter changed, and what the best epoch of a run reaches."""

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import torch
import torch.nn.functional as F

from container.training.hyperparameters import parse
from container.training.trainer import Trainer
from contract.hyperparameters import EMBEDDED_ARCH, Hyperparameters

Logits = tuple[torch.Tensor, torch.Tensor]  # float [n, classes], and the labels, int64 [n]
DEFAULT = "default"
# What is evaluated otherwise, and not trained otherwise, is measured in the default's run.
EMA, FLIPPED = "ema=0.99", "test-flip=true"


def changed(common: Mapping[str, str], change: str, seed: int) -> Hyperparameters:
    """common: what every run has in the place of the program's defaults. change: `name=value`, or DEFAULT."""
    name, value = (EMA if change == DEFAULT else change).split("=")
    given = {"arch": EMBEDDED_ARCH, **common, "seed": str(seed), name: value}
    return parse([word for name, value in given.items() for word in (f"--{name}", value)])


def best_epochs_of(
    trainer: Trainer, change: str, epochs: int, logits: Callable[[torch.nn.Module, str, bool], Logits]
) -> dict[str, dict[str, float]]:
    """Train; by name, such as {"lr=0.003": {"valid": 0.95, "test": 0.95}}: one run, and three of the default's.

    logits: of a network on a split, upright or averaged with those of the mirror images, with the labels.
    """
    best = {change: BestEpoch()}
    if change == DEFAULT:
        best |= {EMA: BestEpoch(), FLIPPED: BestEpoch()}
    for epoch in range(1, epochs + 1):
        trainer.train_one_epoch(epoch)
        for name, one in best.items():
            network = trainer.evaluated if name == EMA else trainer.model
            one.look(partial(logits, network, flipped=name == FLIPPED))
    return {name: one.accuracies for name, one in best.items()}


class BestEpoch:
    """Accuracy on valid and test after the epoch that was best on valid, as a job keeps it."""

    def __init__(self) -> None:
        self._merit = (-1.0, 0.0)
        self.accuracies: dict[str, float] = {}

    def look(self, logits_and_labels: Callable[[str], Logits]) -> None:
        """logits_and_labels: of a split, by the model as it is after an epoch."""
        logits, labels = logits_and_labels("valid")
        merit = accuracy(logits, labels), -float(F.cross_entropy(logits, labels))
        if merit > self._merit:
            self._merit = merit
            self.accuracies = {"valid": merit[0], "test": accuracy(*logits_and_labels("test"))}


def accuracy(logits: torch.Tensor, labels: torch.Tensor) -> float:
    return float((logits.argmax(1) == labels).float().mean())


def by_change(
    seeds: Iterable[int], results: Iterable[dict[str, dict[str, float]]]
) -> dict[str, dict[str, list[float]]]:
    """{"lr=0.003": {"valid": [accuracy by seed], "test": [...]}, ...}; each is shown when it comes.

    seeds: of the results, {"lr=0.003": {"valid": accuracy, "test": accuracy}} each.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for seed, result in zip(seeds, results, strict=True):
        for name, accuracies in result.items():
            for split, one in accuracies.items():
                found.setdefault(name, {}).setdefault(split, []).append(one)
            print(f"seed {seed}, {name}: {accuracies}", file=sys.stderr, flush=True)
    return found
