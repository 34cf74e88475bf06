"""Training a head alone, on the features of a bank; what comes out is an ordinary model file, backbone and head."""

from collections.abc import Callable
from pathlib import Path

import torch

from container.jobs.epochs import train_epochs
from container.jobs.feature_bank import FeatureBank
from container.jobs.monitoring import RunWatch, counts
from container.model.head import HEAD_WIDTHS, create_head, head_state
from container.model.model_file import save_checkpoint
from container.pictures.preprocessing import Preprocessing
from container.runtime.device import Compute
from container.training.evaluation import evaluate
from container.training.evaluation_report import write_test_report
from container.training.resume import RunCheckpoints, run_identity
from container.training.trainer import Trainer
from contract.hyperparameters import Hyperparameters


def train_on_features(
    bank: FeatureBank,
    chosen: Hyperparameters,
    compute: Compute,
    stop_requested: Callable[[], bool],
    model_dir: Path,
    output_data_dir: Path,
    watch: RunWatch,
) -> bool:
    """Train for `chosen.epochs`, write the best epoch's model, and its figures on the test split where the bank has
    one.

    Returns False when a stop was requested before the end.
    """
    made = bank.manifest
    train, valid, test = (bank.examples(split) for split in ("train", "valid", "test"))
    for name, examples in {"train": train, "valid": valid, "test": test}.items():
        if examples is not None:
            watch.channel(name, counts(examples.labels, made.classes, made.unreadable[name]))
    torch.manual_seed(chosen.seed)
    head = create_head(made.in_features, len(made.classes), dropout=chosen.dropout)
    trainer = Trainer(head, train, len(made.classes), chosen, compute)

    # The model file is written once, at the end: an epoch takes less time than that, nearly all of which is the
    # backbone.
    checkpoints = RunCheckpoints(run_identity(chosen, features=made.key))
    best, finished = train_epochs(
        trainer, valid, chosen, compute, stop_requested, checkpoints, keep=lambda better: None, watch=watch
    )
    head.load_state_dict(best.state)
    save_checkpoint(
        model_dir,
        {**bank.backbone, **head_state(made.head_name, head)},
        made.arch,
        HEAD_WIDTHS,
        made.classes,
        Preprocessing.from_dict(made.preprocessing),
        best.facts,
    )
    if not finished:
        return False
    print(f"best epoch: {best.facts['epoch']}, valid_accuracy {best.facts['valid_accuracy']:.4f}")
    if test is not None:
        found = evaluate(head, test, compute)
        watch.tested(found)
        write_test_report(found, made.classes, output_data_dir)
    return True
