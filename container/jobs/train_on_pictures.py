"""Training from picture files: a whole network in the epoch loop, or a head on the features of a frozen backbone."""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from container.data.class_folders import Split, channel, read_splits
from container.data.decoding import channel_line, decoded
from container.data.picture_digest import digest_of_listing, digest_of_run
from container.data.picture_examples import PictureExamples
from container.data.picture_store import PictureStore
from container.jobs.epochs import Best, train_epochs
from container.jobs.evaluation_file import report_test_split
from container.jobs.feature_bank import FeatureBank, file_digest
from container.jobs.feature_pass import make_bank
from container.jobs.run import Run
from container.jobs.run_records import split_counts
from container.jobs.train_on_features import train_on_features
from container.model.head import HEAD_WIDTHS, set_backbone_trainable
from container.model.local_weights import find_weights_file
from container.model.model_file import load_checkpoint, save_checkpoint
from container.model.network import check_input, create_model, preprocessing_of
from container.model.pretrained import load_pretrained
from container.runtime.failure import TrainingFailure
from container.runtime.ranks import Ranks
from container.training.evaluation import evaluate
from container.training.resume import RunCheckpoints, run_identity
from container.training.trainer import Trainer


def train_on_pictures(run: Run) -> bool:
    """Train, or with features-only make a feature bank in `run.model_dir`.

    Returns False when a stop was requested before the end. Raises TrainingFailure.
    """
    # Everything that can be wrong with the request is checked before the first picture is decoded.
    hyperparameters, ranks = run.hyperparameters, run.ranks
    splits = read_splits()
    classes, pictures = splits["train"].classes, len(splits["train"].paths)
    _check_shares(hyperparameters.batch_size, pictures, ranks.world_size)
    torch.manual_seed(hyperparameters.seed)
    model = create_model(hyperparameters.arch, len(classes), HEAD_WIDTHS, hyperparameters.dropout)
    weights_origin = ""
    if hyperparameters.pretrained == "auto":
        weights_origin = load_pretrained(model, hyperparameters.arch, channel("pretrained"))
        print(f"pretrained weights: {weights_origin}")
    set_backbone_trainable(model, not hyperparameters.freeze_backbone)
    share = min(hyperparameters.batch_size, pictures) // ranks.world_size
    check_input(model, hyperparameters.arch, hyperparameters.image_size, share)
    for split in splits.values() if ranks.rank == 0 else ():
        for warning in split.warnings:
            print(f"warning: {warning}", file=sys.stderr)
    if not hyperparameters.trains_on_features:
        return _train_whole(run, model, splits, weights_origin)
    with tempfile.TemporaryDirectory(prefix="features-") as folder:
        bank_dir = run.model_dir if hyperparameters.features_only else Path(folder)
        bank = _make_bank(run, model, splits, bank_dir, weights_origin)
        if bank is None or hyperparameters.features_only:
            return bank is not None
        return train_on_features(run, bank, splits)


def _check_shares(batch_size: int, pictures: int, processes: int) -> None:
    sharing = f"{processes} processes, one for each GPU or host, share every step's batch equally:"
    if batch_size % processes:
        near = max(processes, batch_size // processes * processes)
        raise TrainingFailure(
            f"{sharing} batch-size {batch_size} is no multiple of {processes}. Set batch-size={near}, or take fewer "
            "GPUs or instances."
        )
    if pictures < processes:
        raise TrainingFailure(
            f"{sharing} channel train has only {pictures} pictures. Add pictures, or take fewer GPUs or instances."
        )


def _make_bank(
    run: Run, model: nn.Module, splits: dict[str, Split], folder: Path, weights_origin: str
) -> FeatureBank | None:
    """None when a stop was requested before the end."""
    started = time.monotonic()
    found = find_weights_file(channel("pretrained")) if weights_origin else None
    if not make_bank(run, folder, splits, model, weights_origin, file_digest(found[0]) if found else ""):
        print("stopped on request while the features were made; there is no model yet")
        return None
    bank = FeatureBank(folder)
    for name, split in splits.items():
        unreadable, repeated = bank.manifest.unreadable[name], bank.manifest.repeated if name == "train" else 0
        used = len(split.paths) - unreadable - repeated
        print(channel_line(name, used, len(split.classes), unreadable, repeated))
    print(
        f"feature bank {bank.manifest.key}: {run.hyperparameters.feature_views} views of each training picture, made "
        f"in {time.monotonic() - started:.1f} s"
    )
    return bank


def _train_whole(run: Run, model: nn.Module, splits: dict[str, Split], weights_origin: str) -> bool:
    """Train the whole network in the epoch loop. Returns False when a stop was requested before the end."""
    hyperparameters, ranks = run.hyperparameters, run.ranks
    _check_same_pictures(ranks, digest_of_listing(splits.values()))  # before minutes of decoding
    classes = splits["train"].classes
    preprocessing = preprocessing_of(hyperparameters.arch, hyperparameters.image_size)
    with decoded(splits, preprocessing, hyperparameters.workers, ranks) as stores:
        _check_shares(hyperparameters.batch_size, len(stores["train"]), ranks.world_size)
        _check_same_unreadable(ranks, stores)
        content = digest_of_run({name: store.content_digest for name, store in stores.items()})
        _check_same_pictures(ranks, content)
        examples = {
            name: PictureExamples(
                store,
                preprocessing,
                hyperparameters.min_crop,
                hyperparameters.trivial_augment,
                hyperparameters.workers or ranks.cores,
            )
            for name, store in stores.items()
        }
        for name, store in stores.items():
            in_split = split_counts(store.labels, classes, len(store.unreadable), store.repeated)
            run.monitor.channel(name, in_split, store.paths, preprocessing)
        trainer = Trainer(model, examples["train"], len(classes), hyperparameters, run.device, ranks)

        def keep(best: Best) -> None:
            save_checkpoint(
                run.model_dir,
                best.state,
                hyperparameters.arch,
                HEAD_WIDTHS,
                classes,
                preprocessing,
                best.facts,
                hyperparameters.test_flip,
                best.temperature.value,
                hyperparameters.unknown_below,
            )

        checkpoints = RunCheckpoints(run_identity(hyperparameters, weights=weights_origin, pictures=content))
        best, finished = train_epochs(run, trainer, examples["valid"], checkpoints, keep)
        ranks.close()
        if not finished or ranks.rank != 0:
            return finished
        checkpoint = load_checkpoint(run.model_dir)
        print(f"best epoch: {checkpoint.facts['epoch']}, valid_accuracy {checkpoint.facts['valid_accuracy']:.4f}")
        print(f"temperature {best.temperature.value:g}, {best.temperature.origin}")
        if "test" in examples:
            best_model = checkpoint.model.to(run.device.torch_device)
            found = evaluate(best_model, examples["test"], run.device, hyperparameters.test_flip)
            report_test_split(run, replace(found, temperature=best.temperature), classes)
        return True


def _check_same_pictures(ranks: Ranks, pictures: str) -> None:
    """pictures: a digest of those of this host."""
    if not ranks.agree(pictures):
        raise TrainingFailure(
            "The hosts of this job have different pictures. Give every host all of them: S3DataDistributionType "
            "FullyReplicated in each channel of the request."
        )


def _check_same_unreadable(ranks: Ranks, stores: dict[str, PictureStore]) -> None:
    if not ranks.agree(repr([sorted(store.reasons) for store in stores.values()])):
        raise TrainingFailure(
            "The hosts of this job could not read the same pictures. Look at the warnings in their logs, and "
            "start the job again."
        )
