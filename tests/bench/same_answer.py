"""Runs in the train image: valid accuracy of a head on the feature bank and in the whole network, over the same views.

    python same_answer.py DATA    # folder with train and valid; prints JSON: {"bank": [accuracy by seed], "loop": [the
    same]}

The backbone learns a little from the pictures first, so that there is an accuracy to compare.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from same_views import SameViews

from container.data.class_folders import read_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.data.repeated_pictures import find_repeated
from container.jobs.feature_bank import FeatureBank
from container.jobs.feature_pass import make_bank
from container.jobs.run import Run
from container.model.head import create_head, head_of, set_backbone_trainable
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.runtime.device import ComputeDevice
from container.training.evaluation import evaluate
from container.training.hyperparameters import parse
from container.training.trainer import Trainer
from contract.hyperparameters import Hyperparameters

SEEDS, PRETRAINING, EPOCHS, SIZE = 5, 6, 5, 64


def main(data: Path) -> None:
    chosen = parse(
        [
            "--arch",
            "resnet18",
            "--pretrained",
            "none",
            "--image-size",
            str(SIZE),
            "--batch-size",
            "32",
            "--epochs",
            str(EPOCHS),
        ]
    )
    preprocessing, compute = Preprocessing.for_image_size(SIZE), ComputeDevice.choose()
    splits = {name: read_split(data / name, name) for name in ("train", "valid")}
    found = {"bank": [], "loop": []}
    with tempfile.TemporaryDirectory() as folder:
        stores = {name: decode_split(split, preprocessing, Path(folder)) for name, split in splits.items()}
        digests = {name: store.digests for name, store in stores.items()}
        repeated = find_repeated(splits, digests, {name: store.reasons for name, store in stores.items()})
        stores["train"] = stores["train"].without(repeated.left_out)  # as of the bank
        pictures = PictureExamples(stores["valid"], preprocessing, chosen.min_crop)
        views = SameViews(stores["train"], preprocessing, chosen.min_crop, chosen.feature_views)
        model = create_model("resnet18", len(splits["train"].classes))
        trainer = Trainer(
            model,
            PictureExamples(stores["train"], preprocessing, chosen.min_crop),
            len(splits["train"].classes),
            chosen,
            compute,
        )
        for epoch in range(1, PRETRAINING + 1):
            print(f"pretraining: epoch {epoch}, loss {trainer.train_one_epoch(epoch):.3f}", file=sys.stderr, flush=True)
        state = model.state_dict()
        set_backbone_trainable(model, False)
        for seed in range(SEEDS):
            torch.manual_seed(seed)
            head = create_head(head_of(model)[0].in_features, len(splits["train"].classes), dropout=chosen.dropout)
            head_of(model).load_state_dict(head.state_dict())
            found["loop"].append(accuracy(model, views, pictures, chosen, compute, seed))
            if seed == 0:
                backbone = create_model("resnet18", len(splits["train"].classes))
                backbone.load_state_dict(state)
                run = Run(chosen, compute, model_dir=Path(folder), output_data_dir=Path(folder))
                make_bank(run, Path(folder) / "bank", splits, backbone)
                bank = FeatureBank(Path(folder) / "bank")
            found["bank"].append(accuracy(head, bank.examples("train"), bank.examples("valid"), chosen, compute, seed))
            print(
                f"seed {seed}: loop {found['loop'][-1]:.4f}, bank {found['bank'][-1]:.4f}", file=sys.stderr, flush=True
            )
    print(json.dumps(found))


def accuracy(model, train, valid, chosen: Hyperparameters, compute: ComputeDevice, seed: int) -> float:
    torch.manual_seed(seed)
    trainer = Trainer(
        model, train, head_of(model)[-1].out_features, replace(chosen, seed=seed, freeze_backbone=True), compute
    )  # another order, too
    for epoch in range(1, EPOCHS + 1):
        trainer.train_one_epoch(epoch)
    return evaluate(model, valid, compute).accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    main(parser.parse_args().data)
