"""Run by test_ranks.py, once for each process: trains a small network together and writes what came out of it.

python two_processes.py FOLDER HYPERPARAMETER...    # and the variables that torchrun sets
"""

import os
import signal
import sys
from pathlib import Path

import torch
from torch import nn

from container.model.head import create_head
from container.runtime.device import ComputeDevice
from container.runtime.launch import process_ranks_here
from container.runtime.ranks import Ranks, is_of_a_lost_peer, join
from container.training.evaluation import evaluate
from container.training.hyperparameters import parse
from container.training.trainer import Trainer
from tests.container.small_job import small_job

CLASSES, COUNT = 3, 30
CPU = ComputeDevice(torch.device("cpu"), torch.float32)


class Noise:
    """Random pictures, which are the same whoever asks; a step's views differ from one another."""

    def __init__(self, count: int):
        self.labels = torch.arange(count) % CLASSES
        self._pictures = torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(1)) + self.labels.view(
            -1, 1, 1, 1
        )

    def training_inputs(self, rows, epoch, random, device, part=None):
        views = self._pictures[rows] + 0.1 * torch.randn(len(rows), 3, 8, 8, generator=random)
        return views[slice(*part)] if part else views

    def evaluation_inputs(self, start, stop, device):
        return self._pictures[start:stop]


def network() -> nn.Module:
    """No batch normalisation: its statistics are each process's own."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), create_head(8 * 36, CLASSES, dropout=0))
    model.head_name = "3"
    return model


def learn(arguments: list[str], ranks: Ranks) -> dict:
    hyperparameters = parse([*small_job(lr=0.01, dropout=0), *arguments])
    trainer = Trainer(network(), Noise(COUNT), CLASSES, hyperparameters, CPU, ranks)
    losses = [trainer.train_one_epoch(epoch) for epoch in range(1, hyperparameters.epochs + 1)]
    found = evaluate(trainer.evaluated, Noise(7), CPU, hyperparameters.test_flip, ranks)
    return {
        "losses": losses,
        "weights": trainer.model.state_dict(),
        "probabilities": found.probabilities,
        "loss": found.loss,
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    [process_rank] = process_ranks_here(os.environ, 0)
    ranks = join(process_rank, CPU.torch_device)
    result = learn(sys.argv[2:], ranks)
    agreed = {
        "any": ranks.any(ranks.rank == 1),
        "none": ranks.any(False),
        "first": ranks.from_first(f"of {ranks.rank}"),
        "first on host": ranks.from_first_on_host(ranks.rank),
        "same": ranks.agree("same"),
        "different": ranks.agree(str(ranks.rank)),
    }
    folder = Path(sys.argv[1])
    torch.save({**result, "agreed": agreed}, folder / f"{ranks.rank}.pt")
    if "die" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ranks.any(False)
        if ranks.rank == 1:
            os._exit(7)
    try:
        ranks.any(False)
    except RuntimeError as error:
        (folder / "lost").write_text(str(is_of_a_lost_peer(error)))
        raise
    ranks.close()
    os._exit(0)
