"""Backbones of the timm library, as `arch=timm/NAME`: https://huggingface.co/docs/timm

timm is imported when the first of them is made: it takes seconds, and most runs need none.
"""

import difflib
from collections import OrderedDict
from importlib.metadata import version

import torch
from torch import nn

from container.pictures.preprocessing import INTERPOLATIONS, Preprocessing
from container.runtime.failure import TrainingFailure

PREFIX = "timm/"
BACKBONE = "backbone."  # what the names of the backbone's tensors begin with in the model


def is_timm(arch: str) -> bool:
    return arch.startswith(PREFIX)


def timm_version() -> str:
    return version("timm")


class TimmClassifier(nn.Sequential):
    """backbone: float [n, 3, h, w] -> features [n, d]. head: features -> logits [n, classes]."""

    def __init__(self, backbone: nn.Module, head: nn.Module):
        super().__init__(OrderedDict(backbone=backbone, head=head))
        self.head_name = "head"


def create_backbone(arch: str) -> tuple[nn.Module, int]:
    """An untrained backbone without its own last layer, and the number of its features.

    Raises TrainingFailure when timm has no model of this name.
    """
    backbone = _make(arch, pretrained=False)
    # What the layer before the last one gives; models with no such layer have only the first of the two.
    return backbone, getattr(backbone, "head_hidden_size", None) or backbone.num_features


def download_weights(arch: str) -> dict[str, torch.Tensor]:
    """The backbone's tensors as timm's authors publish them. Raises OSError when they cannot be had."""
    try:
        return _make(arch, pretrained=True).state_dict()
    except Exception as error:  # of the hub's client, the network, a proxy, a model without weights: no common base
        raise OSError(str(error) or type(error).__name__) from error


def preprocessing_of(arch: str, image_size: int) -> Preprocessing:
    """What the model's authors trained it with: mean, std, interpolation, and the share of the square that is its
    centre.
    """
    from timm.models import get_pretrained_cfg

    config = get_pretrained_cfg(_name(arch), allow_unregistered=False)
    interpolation = config.interpolation if config.interpolation in INTERPOLATIONS else "bicubic"
    return Preprocessing(
        image_size=image_size,
        square_size=max(image_size, round(image_size / config.crop_pct)),
        mean=tuple(config.mean),
        std=tuple(config.std),
        interpolation=interpolation,
    )


def _make(arch: str, pretrained: bool) -> nn.Module:
    from timm import create_model

    return create_model(_name(arch), pretrained=pretrained, num_classes=0)


def _name(arch: str) -> str:
    """timm's name of the model, such as `resnet18.a1_in1k` (the tag after the point names its weights)."""
    from timm.models import is_model, list_models

    name = arch.removeprefix(PREFIX)
    if not is_model(name):
        similar = difflib.get_close_matches(name, list_models(), n=1)
        hint = f"Did you mean {PREFIX}{similar[0]}?" if similar else "timm.list_models() lists them."
        raise TrainingFailure(f"Hyperparameter arch: timm {timm_version()} has no model {name!r}. {hint}")
    return name
