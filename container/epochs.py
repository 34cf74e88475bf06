"""Epoch after epoch: train, evaluate, print the metric line, keep the best."""

import time
from collections.abc import Callable

from container.compute import Compute
from container.evaluation import evaluate
from container.examples import Examples
from container.training import Trainer


def train_epochs(
    trainer: Trainer, valid: Examples, epochs: int, compute: Compute, stop_requested: Callable[[], bool], keep: Callable[[dict], None]
) -> bool:
    """Train for `epochs` epochs. False when a stop was requested before their end.

    keep(facts) is called when the model is the best so far: the highest validation accuracy, of equal ones the lowest loss.
    """
    best = None
    for epoch in range(1, epochs + 1):
        started = time.monotonic()
        train_loss = trainer.train_one_epoch(epoch)
        found = evaluate(trainer.model, valid, compute)
        print(
            f"epoch={epoch} train_loss={train_loss:.4f} valid_loss={found.loss:.4f} "
            f"valid_accuracy={found.accuracy:.4f} seconds={time.monotonic() - started:.1f}",
            flush=True,
        )
        if best is None or (found.accuracy, -found.loss) > best:
            best = (found.accuracy, -found.loss)
            keep({"epoch": epoch, "valid_accuracy": found.accuracy, "valid_loss": found.loss})
        if stop_requested():
            print(f"stopped on request in epoch {epoch}; the best model so far is kept")
            return False
    return True
