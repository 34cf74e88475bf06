"""The epoch loop: train, evaluate, print the metric line, keep the best model; resumes an interrupted run."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import torch

from container.data.batches import Examples
from container.jobs.run import Run
from container.report.record import Epoch
from container.training.evaluation import evaluate
from container.training.resume import RunCheckpoints
from container.training.temperature import NOT_FITTED, Temperature, fit_temperature
from container.training.trainer import Trainer
from contract.metric_lines import line_of_epoch


@dataclass(frozen=True)
class Best:
    """The model as it was after its best epoch. facts: epoch, valid_accuracy, valid_loss. state: its tensors, on the
    CPU. temperature: fitted on the valid split.
    """

    facts: dict[str, Any]
    state: dict[str, torch.Tensor]
    temperature: Temperature = NOT_FITTED

    @property
    def merit(self) -> tuple[float, float]:
        """The highest validation accuracy is the best, of equal ones the lowest loss."""
        return self.facts["valid_accuracy"], -self.facts["valid_loss"]


def train_epochs(
    run: Run, trainer: Trainer, valid: Examples, checkpoints: RunCheckpoints, keep: Callable[[Best], None]
) -> tuple[Best, bool]:
    """Train for hyperparameter `epochs`. Returns the best model, and False when a stop was requested before the end.

    Resumes from the newest of the checkpoints. keep(best) is called whenever a model is better than those before. Rank
    0 alone looks for checkpoints, prints the figures, writes and keeps; in the others the best model has no tensors."""
    hyperparameters, ranks, monitor = run.hyperparameters, run.ranks, run.monitor
    first = 1
    best: Best | None = None
    writes = ranks.rank == 0
    if resumed := ranks.from_first(checkpoints.newest() if writes else None):
        trainer.load_state_dict(resumed["trainer"])
        first = resumed["epoch"]
        if resumed["best"]:
            best = Best(**{**resumed["best"], "temperature": Temperature(**resumed["best"]["temperature"])})
            if writes:
                keep(best)
    monitor.begin(trainer, [Epoch(**facts) for facts in resumed["history"]] if resumed else [])

    def write(epoch: int) -> None:
        """Write a checkpoint from which the run resumes in `epoch`."""
        if not writes:
            return
        kept = {"facts": best.facts, "state": best.state, "temperature": asdict(best.temperature)} if best else None
        checkpoints.write(
            trainer.step,
            {
                "epoch": epoch,
                "trainer": trainer.state_dict(),
                "best": kept,
                "history": [asdict(one) for one in monitor.epochs],
            },
        )

    def stops() -> bool:
        """Whether to stop; the answer is the same in all processes."""
        return ranks.any(run.stop_requested() or monitor.stop_reason() is not None)

    def after_step(epoch: int) -> bool:
        """Whether to end the epoch early; writes a checkpoint when one is due."""
        if stops():
            return True
        if checkpoints.due():
            write(epoch)
        return False

    for epoch in range(first, hyperparameters.epochs + 1):
        started = time.monotonic()

        train_loss = trainer.train_one_epoch(epoch, ends=partial(after_step, epoch))
        if stops():
            write(epoch)  # first of all: the evaluation may take longer than SageMaker waits
        trained = time.monotonic()
        found = evaluate(trainer.evaluated, valid, run.device, hyperparameters.test_flip, ranks)
        ended = time.monotonic()
        if writes:
            print(line_of_epoch(epoch, train_loss, found.loss, found.accuracy, ended - started), flush=True)
        facts = {"epoch": epoch, "valid_accuracy": found.accuracy, "valid_loss": found.loss}
        is_best = best is None or Best(facts, {}).merit > best.merit
        if is_best:
            found = replace(found, temperature=fit_temperature(found.logits, found.labels))
        monitor.epoch(
            Epoch(epoch, train_loss, found.loss, None, found.accuracy, trainer.last_learning_rate, ended - started),
            found,
            is_best,
            ended - trained,
        )
        if is_best:
            state = trainer.evaluated.state_dict() if writes else {}
            best = Best(
                facts, {name: tensor.detach().cpu().clone() for name, tensor in state.items()}, found.temperature
            )
            if writes:
                keep(best)
        if stops():
            if trainer.has_finished(epoch):
                write(epoch + 1)
            print(
                f"stopped {'by a rule' if monitor.stop_reason() else 'on request'} in epoch {epoch}; the best model so "
                "far is kept"
            )
            assert best is not None  # an epoch has been evaluated
            return best, False
        if checkpoints.due():
            write(epoch + 1)
    assert best is not None  # an epoch has been evaluated, here or before the interruption
    return best, True
