"""Epoch after epoch: train, evaluate, print the metric line, keep the best; and going on where an interrupted run
was.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch

from container.data.batches import Examples
from container.jobs.monitoring import RunWatch
from container.report.record import Epoch
from container.runtime.device import Compute
from container.runtime.ranks import Ranks
from container.training.evaluation import evaluate
from container.training.resume import RunCheckpoints
from container.training.trainer import Trainer
from contract.hyperparameters import Hyperparameters
from contract.metric_lines import line_of_epoch


@dataclass(frozen=True)
class Best:
    """The model as it was after its best epoch. facts: epoch, valid_accuracy, valid_loss. state: its tensors, on the
    CPU.
    """

    facts: dict
    state: dict[str, torch.Tensor]

    @property
    def merit(self) -> tuple[float, float]:
        """The highest validation accuracy is the best, of equal ones the lowest loss."""
        return self.facts["valid_accuracy"], -self.facts["valid_loss"]


def train_epochs(
    trainer: Trainer,
    valid: Examples,
    chosen: Hyperparameters,
    compute: Compute,
    stop_requested: Callable[[], bool],
    checkpoints: RunCheckpoints,
    keep: Callable[[Best], None],
    watch: RunWatch,
    ranks: Ranks = Ranks(),
) -> tuple[Best, bool]:
    """Train until the chosen epochs are over. Returns the best model, and False when a stop was requested before that.

    Begins where the newest of the checkpoints is. keep(best) is called whenever there is a better model than before. Of
    several processes the first one looks for checkpoints, says what was measured, writes and keeps; in the others the
    best model has no tensors."""
    first, best = 1, None
    writes = ranks.rank == 0
    if resumed := ranks.from_first(checkpoints.newest() if writes else None):
        trainer.load_state_dict(resumed["trainer"])
        first = resumed["epoch"]
        if resumed["best"]:
            best = Best(**resumed["best"])
            if writes:
                keep(best)
    watch.begin(trainer, [Epoch(**facts) for facts in resumed["history"]] if resumed else [])

    def write(epoch: int) -> None:
        """Leave a checkpoint from which a run goes on in `epoch`."""
        if not writes:
            return
        kept = {"facts": best.facts, "state": best.state} if best else None
        checkpoints.write(
            trainer.step,
            {
                "epoch": epoch,
                "trainer": trainer.state_dict(),
                "best": kept,
                "history": [asdict(one) for one in watch.epochs],
            },
        )

    def stops() -> bool:
        """All processes ask together, and get one answer."""
        return ranks.any(stop_requested() or watch.stop_reason() is not None)

    for epoch in range(first, chosen.epochs + 1):
        started = time.monotonic()

        def after_step() -> bool:
            if stops():
                return True
            if checkpoints.due():
                write(epoch)
            return False

        train_loss = trainer.train_one_epoch(epoch, after_step)
        if stops():
            write(epoch)  # first of all: the evaluation may take longer than SageMaker waits
        trained = time.monotonic()
        found = evaluate(trainer.evaluated, valid, compute, chosen.test_flip, ranks)
        ended = time.monotonic()
        if writes:
            print(line_of_epoch(epoch, train_loss, found.loss, found.accuracy, ended - started), flush=True)
        facts = {"epoch": epoch, "valid_accuracy": found.accuracy, "valid_loss": found.loss}
        is_best = best is None or Best(facts, {}).merit > best.merit
        watch.epoch(
            Epoch(epoch, train_loss, found.loss, None, found.accuracy, trainer.last_learning_rate, ended - started),
            found,
            is_best,
            ended - trained,
        )
        if is_best:
            state = trainer.evaluated.state_dict() if writes else {}
            best = Best(facts, {name: tensor.detach().cpu().clone() for name, tensor in state.items()})
            if writes:
                keep(best)
        if stops():
            if trainer.has_finished(epoch):
                write(epoch + 1)
            print(
                f"stopped {'by a rule' if watch.stop_reason() else 'on request'} in epoch {epoch}; the best model so "
                "far is kept"
            )
            return best, False
        if checkpoints.due():
            write(epoch + 1)
    return best, True
