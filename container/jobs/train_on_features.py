"""Training a head alone, on a feature bank; the result is an ordinary model file, backbone and head."""

from collections.abc import Mapping
from dataclasses import replace

import torch

from container.data.class_folders import Split
from container.jobs.epochs import train_epochs
from container.jobs.evaluation_file import report_test_split
from container.jobs.feature_bank import FeatureBank
from container.jobs.run import Run
from container.jobs.run_records import split_counts
from container.model.head import HEAD_WIDTHS, create_head, head_state
from container.model.model_file import save_checkpoint
from container.pictures.preprocessing import Preprocessing
from container.training.evaluation import evaluate
from container.training.resume import RunCheckpoints, run_identity
from container.training.trainer import Trainer


def train_on_features(run: Run, bank: FeatureBank, splits: Mapping[str, Split] | None = None) -> bool:
    """Train for hyperparameter `epochs` and write the best epoch's model, and its figures on the test split if any.

    splits: the picture files, where the job has them, for its report. Returns False when a stop was requested before
    the end.
    """
    hyperparameters = run.hyperparameters
    made = bank.manifest
    preprocessing = Preprocessing.from_dict(made.preprocessing)
    train, valid, test = (bank.examples(split) for split in ("train", "valid", "test"))
    for name, examples in {"train": train, "valid": valid, "test": test}.items():
        if examples is not None:
            repeated = made.repeated if name == "train" else 0
            in_split = split_counts(examples.labels, made.classes, made.unreadable[name], repeated)
            files = [splits[name].paths[row] for row in examples.rows] if splits else []
            run.monitor.channel(name, in_split, files, preprocessing if splits else None)
    assert train is not None and valid is not None  # no bank is made without them
    torch.manual_seed(hyperparameters.seed)
    head = create_head(made.in_features, len(made.classes), dropout=hyperparameters.dropout)
    trainer = Trainer(head, train, len(made.classes), hyperparameters, run.device)

    # The model file is written once, at the end: an epoch takes less time than that, nearly all of which is the
    # backbone.
    checkpoints = RunCheckpoints(run_identity(hyperparameters, features=made.key))
    best, finished = train_epochs(run, trainer, valid, checkpoints, keep=lambda better: None)
    head.load_state_dict(best.state)
    save_checkpoint(
        run.model_dir,
        {**bank.backbone, **head_state(made.head_name, head)},
        made.arch,
        HEAD_WIDTHS,
        made.classes,
        preprocessing,
        best.facts,
        temperature=best.temperature.value,
        unknown_below=hyperparameters.unknown_below,
    )
    if not finished:
        return False
    print(f"best epoch: {best.facts['epoch']}, valid_accuracy {best.facts['valid_accuracy']:.4f}")
    print(f"temperature {best.temperature.value:g}, {best.temperature.origin}")
    if test is not None:
        found = replace(evaluate(head, test, run.device), temperature=best.temperature)
        report_test_split(run, found, made.classes)
    return True
