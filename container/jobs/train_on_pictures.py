"""Training from picture files: a whole network in the ordinary loop, or a head on the features of a frozen backbone."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from container.data.channels import channel, read_splits
from container.data.class_folders import Split
from container.data.decoding import channel_line, decoded
from container.data.picture_digest import digest_of_listing
from container.data.picture_examples import PictureExamples
from container.jobs.epochs import Best, train_epochs
from container.jobs.feature_bank import FeatureBank, file_digest
from container.jobs.feature_pass import make_bank
from container.jobs.monitoring import RunWatch, counts
from container.jobs.train_on_features import train_on_features
from container.model.head import HEAD_WIDTHS, set_backbone_trainable
from container.model.model_file import load_checkpoint, save_checkpoint
from container.model.network import check_input, create_model
from container.model.pretrained import load_pretrained
from container.model.weights_file import find_weights_file
from container.pictures.preprocessing import Preprocessing
from container.runtime.device import Compute
from container.runtime.failure import TrainingFailure
from container.runtime.ranks import Ranks
from container.training.evaluation import evaluate
from container.training.evaluation_report import write_test_report
from container.training.resume import RunCheckpoints, run_identity
from container.training.trainer import Trainer
from contract.hyperparameters import Hyperparameters


def train_on_pictures(
    chosen: Hyperparameters,
    compute: Compute,
    ranks: Ranks,
    stop_requested: Callable[[], bool],
    model_dir: Path,
    output_data_dir: Path,
    watch: RunWatch,
) -> bool:
    """Train, or with features-only make a feature bank in `model_dir`.

    Returns False when a stop was requested before the end. Raises TrainingFailure.
    """
    # Everything that can be wrong with the request is looked at before the first picture is decoded.
    splits = read_splits()
    classes = splits["train"].classes
    _check_shares(chosen, len(splits["train"].paths), ranks.size)
    torch.manual_seed(chosen.seed)
    model = create_model(chosen.arch, len(classes), HEAD_WIDTHS, chosen.dropout)
    origin = ""
    if chosen.pretrained == "auto":
        origin = load_pretrained(model, chosen.arch, channel("pretrained"))
        print(f"pretrained weights: {origin}")
    set_backbone_trainable(model, not chosen.freeze_backbone)
    check_input(model, chosen.arch, chosen.image_size, min(chosen.batch_size, len(splits["train"].paths)) // ranks.size)
    for split in splits.values() if ranks.rank == 0 else ():
        for warning in split.warnings:
            print(f"warning: {warning}", file=sys.stderr)
    if not chosen.trains_on_features:
        return _train_whole(
            model, splits, chosen, compute, ranks, origin, stop_requested, model_dir, output_data_dir, watch
        )
    with tempfile.TemporaryDirectory(prefix="features-") as folder:
        bank = _make_bank(
            model, splits, model_dir if chosen.features_only else Path(folder), chosen, compute, origin, stop_requested
        )
        if bank is None or chosen.features_only:
            return bank is not None
        return train_on_features(bank, chosen, compute, stop_requested, model_dir, output_data_dir, watch)


def _check_shares(chosen: Hyperparameters, pictures: int, processes: int) -> None:
    if chosen.batch_size % processes or pictures < processes:
        raise TrainingFailure(
            f"{processes} processes, one for each GPU or host, share every step's batch equally: batch-size "
            f"{chosen.batch_size} is no "
            f"multiple of {processes}, or channel train has fewer pictures ({pictures}). Change batch-size, or take "
            "fewer instances."
        )


def _make_bank(
    model: nn.Module,
    splits: dict[str, Split],
    folder: Path,
    chosen: Hyperparameters,
    compute: Compute,
    origin: str,
    stop_requested: Callable[[], bool],
) -> FeatureBank | None:
    started = time.monotonic()
    found = find_weights_file(channel("pretrained")) if origin else None
    preprocessing = Preprocessing.for_image_size(chosen.image_size)
    if not make_bank(
        folder,
        splits,
        model,
        preprocessing,
        chosen,
        compute,
        origin,
        file_digest(found[0]) if found else "",
        stop_requested,
    ):
        print("stopped on request while the features were made; there is no model yet")
        return None
    bank = FeatureBank(folder)
    for name, split in splits.items():
        print(
            channel_line(
                name,
                len(split.paths) - bank.manifest.unreadable[name],
                len(split.classes),
                bank.manifest.unreadable[name],
            )
        )
    print(
        f"feature bank {bank.manifest.key}: {chosen.feature_views} views of each training picture, made in "
        f"{time.monotonic() - started:.1f} s"
    )
    return bank


def _train_whole(
    model: nn.Module,
    splits: dict[str, Split],
    chosen: Hyperparameters,
    compute: Compute,
    ranks: Ranks,
    origin: str,
    stop_requested: Callable[[], bool],
    model_dir: Path,
    output_data_dir: Path,
    watch: RunWatch,
) -> bool:
    pictures = digest_of_listing(splits.values())
    if not ranks.agree(pictures):
        raise TrainingFailure(
            "The hosts of this job have different pictures. Give every host all of them: S3DataDistributionType "
            "FullyReplicated."
        )
    classes = splits["train"].classes
    preprocessing = Preprocessing.for_image_size(chosen.image_size)
    with decoded(splits, preprocessing, chosen.workers, ranks) as stores:
        _check_shares(chosen, len(stores["train"]), ranks.size)
        if not ranks.agree(repr([sorted(store.reasons) for store in stores.values()])):
            raise TrainingFailure(
                "The hosts of this job could not read the same pictures. Look at the warnings in their logs, and "
                "start the job again."
            )
        examples = {
            name: PictureExamples(
                store, preprocessing, chosen.min_crop, chosen.trivial_augment, chosen.workers or ranks.cores
            )
            for name, store in stores.items()
        }
        for name, store in stores.items():
            watch.channel(name, counts(store.labels, classes, len(store.unreadable)), store.paths, preprocessing)
        trainer = Trainer(model, examples["train"], len(classes), chosen, compute, ranks)

        def keep(best: Best) -> None:
            save_checkpoint(
                model_dir, best.state, chosen.arch, HEAD_WIDTHS, classes, preprocessing, best.facts, chosen.test_flip
            )

        checkpoints = RunCheckpoints(run_identity(chosen, weights=origin, pictures=pictures))
        _, finished = train_epochs(
            trainer, examples["valid"], chosen, compute, stop_requested, checkpoints, keep, watch, ranks
        )
        ranks.part_company()
        if not finished or ranks.rank != 0:
            return finished
        checkpoint = load_checkpoint(model_dir)
        print(f"best epoch: {checkpoint.facts['epoch']}, valid_accuracy {checkpoint.facts['valid_accuracy']:.4f}")
        if "test" in examples:
            found = evaluate(checkpoint.model.to(compute.device), examples["test"], compute, chosen.test_flip)
            watch.tested(found)
            write_test_report(found, classes, output_data_dir)
        return True
