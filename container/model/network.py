"""The classifier: a backbone of torchvision's or timm's with our head of three fully connected layers.

Of torchvision's, any classifier whose last layer is fully connected will do: the head takes that layer's place.
"""

import copy
from typing import Any

import torch
from torch import nn

from container.model.head import HEAD_WIDTHS, create_head, head_of, set_training_mode
from container.model.timm_backbone import TimmClassifier, create_backbone, is_timm
from container.model.timm_backbone import preprocessing_of as preprocessing_of_timm
from container.pictures.preprocessing import Preprocessing
from container.runtime.failure import TrainingFailure
from container.runtime.torch_compiler import import_without_compiler
from contract.hyperparameters import EMBEDDED_ARCH

models = import_without_compiler("torchvision.models")
MOST_SAID = 500  # characters of an error of torch's


def architectures() -> list[str]:
    """torchvision's classifiers, without those that end in a convolution."""
    return [name for name in models.list_models(module=models) if not name.startswith("squeezenet")]


def create_model(
    arch: str, class_count: int, head_widths: tuple[int, ...] = HEAD_WIDTHS, dropout: float = 0.0
) -> nn.Module:
    """Build an untrained classifier: float [n, 3, h, w] -> logits [n, class_count].

    Args:
        arch: one of `architectures()`, or `timm/NAME`.
        class_count: number of classes.
        head_widths: of the head's hidden layers.
        dropout: of the head.

    Raises TrainingFailure for another `arch`.
    """
    if is_timm(arch):
        backbone, features = create_backbone(arch)
        return TimmClassifier(backbone, create_head(features, class_count, head_widths, dropout))
    if arch not in architectures():
        raise TrainingFailure(
            "Hyperparameter arch must be a torchvision classifier such as resnet34, or one of timm's such as "
            f"{EMBEDDED_ARCH}, not {arch!r}."
        )
    model = models.get_model(arch, weights=None, **_options(arch))
    name, last = last_linear(model)
    parent, _, attribute = name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, create_head(last.in_features, class_count, head_widths, dropout))
    model.head_name = name
    return model


def preprocessing_of(arch: str, image_size: int) -> Preprocessing:
    """How pictures are prepared for this architecture."""
    return preprocessing_of_timm(arch, image_size) if is_timm(arch) else Preprocessing.for_image_size(image_size)


def check_input(model: nn.Module, arch: str, image_size: int, batch_size: int) -> None:
    """Try one step's forward pass on a copy of the model.

    Args:
        model: not changed.
        arch: for the message.
        image_size: edge of the inputs, pixels.
        batch_size: pictures of a step in one process.

    Raises TrainingFailure when the architecture cannot take such a batch.
    """
    trial = copy.deepcopy(model)
    set_training_mode(trial)
    pixels = torch.zeros(min(2, batch_size), 3, image_size, image_size)
    try:
        with torch.no_grad():
            trial(pixels)
    except (RuntimeError, ValueError, AssertionError) as error:
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise TrainingFailure(
            f"The architecture {arch} cannot take pictures with image-size {image_size} in batches with batch-size "
            f"{batch_size}: {why[:MOST_SAID]}. Change one of the three."
        ) from error


def last_linear(model: nn.Module) -> tuple[str, nn.Linear]:
    """Name and module of the fully connected layer that makes the logits."""
    linears = [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    return linears[-1]


def remove_head(model: nn.Module) -> int:
    """Replace the head by nothing, in place: the model then gives features, float [n, d]. Returns d."""
    features = head_of(model)[0].in_features
    parent, _, attribute = model.head_name.rpartition(".")
    setattr(model.get_submodule(parent), attribute, nn.Identity())
    return features


def _options(arch: str) -> dict[str, Any]:
    """Constructor options by family, for training from scratch; none of them changes the tensors of a weights file."""
    if arch in ("googlenet", "inception_v3"):
        # In training mode these two return a tuple with auxiliary logits, which fine-tuning has no use for. Their
        # published weights expect inputs in [-1, 1]; transform_input takes them there from ImageNet's normalisation.
        return {"aux_logits": False, "init_weights": True, "transform_input": True}
    return {}
