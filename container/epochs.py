"""Epoch after epoch: train, evaluate, print the metric line, keep the best; and going on where an interrupted run was."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from container.compute import Compute
from container.evaluation import evaluate
from container.examples import Examples
from container.run_checkpoint import RunCheckpoints
from container.training import Trainer


@dataclass(frozen=True)
class Best:
    """The model as it was after its best epoch. facts: epoch, valid_accuracy, valid_loss. state: its tensors, on the CPU."""

    facts: dict
    state: dict[str, torch.Tensor]

    @property
    def rank(self) -> tuple[float, float]:
        """The highest validation accuracy is the best, of equal ones the lowest loss."""
        return self.facts["valid_accuracy"], -self.facts["valid_loss"]


def train_epochs(
    trainer: Trainer, valid: Examples, epochs: int, compute: Compute, stop_requested: Callable[[], bool], checkpoints: RunCheckpoints,
    keep: Callable[[Best], None],
) -> tuple[Best, bool]:
    """Train until `epochs` epochs are over. Returns the best model, and False when a stop was requested before that.

    Begins where the newest of the checkpoints is. keep(best) is called whenever there is a better model than before.
    """
    first, best = 1, None
    if resumed := checkpoints.newest():
        trainer.load_state_dict(resumed["trainer"])
        first = resumed["epoch"]
        if resumed["best"]:
            best = Best(**resumed["best"])
            keep(best)

    def write(epoch: int) -> None:
        """Leave a checkpoint from which a run goes on in `epoch`."""
        kept = {"facts": best.facts, "state": best.state} if best else None
        checkpoints.write(trainer.step, {"epoch": epoch, "trainer": trainer.state_dict(), "best": kept})

    for epoch in range(first, epochs + 1):
        started = time.monotonic()

        def after_step() -> bool:
            if not stop_requested() and checkpoints.due():
                write(epoch)
            return stop_requested()

        train_loss = trainer.train_one_epoch(epoch, after_step)
        if stop_requested():
            write(epoch)  # first of all: the evaluation may take longer than SageMaker waits
        found = evaluate(trainer.model, valid, compute)
        print(
            f"epoch={epoch} train_loss={train_loss:.4f} valid_loss={found.loss:.4f} "
            f"valid_accuracy={found.accuracy:.4f} seconds={time.monotonic() - started:.1f}",
            flush=True,
        )
        facts = {"epoch": epoch, "valid_accuracy": found.accuracy, "valid_loss": found.loss}
        if best is None or Best(facts, {}).rank > best.rank:
            best = Best(facts, {name: tensor.detach().cpu().clone() for name, tensor in trainer.model.state_dict().items()})
            keep(best)
        if stop_requested():
            if trainer.has_finished(epoch):
                write(epoch + 1)
            print(f"stopped on request in epoch {epoch}; the best model so far is kept")
            return best, False
        if checkpoints.due():
            write(epoch + 1)
    return best, True
