"""A feature bank of the pictures of the fixture `job`, by a small network from random weights."""

import torch

from container.data.class_folders import read_splits
from container.jobs.feature_bank import FeatureBank
from container.jobs.feature_pass import make_bank
from container.jobs.run import Run
from container.model.head import set_backbone_trainable
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.runtime.device import ComputeDevice
from container.training.hyperparameters import parse
from tests.container.small_job import small_job

FROZEN = small_job(freeze_backbone=True, warmup_epochs=0, epochs=3, feature_views=3)

PREPROCESSING = Preprocessing.for_image_size(32)

CPU = ComputeDevice(torch.device("cpu"), torch.float32)


def frozen_model(arch="resnet18", classes=3):
    torch.manual_seed(3)
    model = create_model(arch, classes, dropout=0.2)
    set_backbone_trainable(model, False)
    return model


def run_of(folder, arguments=(), **more) -> Run:
    return Run(parse([*FROZEN, *arguments]), CPU, folder / "model", folder / "output", **more)


def bank_of(folder, model, arguments=()):
    assert make_bank(run_of(folder, arguments), folder, read_splits(), model)
    return FeatureBank(folder)
