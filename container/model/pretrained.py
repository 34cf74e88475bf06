"""Pretrained weights: from the `pretrained` channel, the image, or torchvision's or timm's download, in this order."""

import re
import socket
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from container.model.local_weights import BAKED_IN, embedded_weights, embedded_weights_file, find_weights_file
from container.model.model_file import FILE_NAME
from container.model.network import models
from container.model.timm_backbone import BACKBONE, download_weights, is_timm
from container.runtime.failure import TrainingFailure
from contract.hyperparameters import EMBEDDED_ARCH

WANTED = (
    "Give a file of a state_dict: tensors by their names, as torch.save(model.state_dict(), path) or "
    "safetensors.torch.save_file writes it."
)
SHOWN = 200  # characters of an error of torch's
PATIENCE = 20  # seconds without a byte: in a network without a way out a connection is dropped, not refused


def load_pretrained(model: nn.Module, arch: str, channel: Path | None, baked_in: Path = BAKED_IN) -> str:
    """Load pretrained weights into the backbone of a model; the head keeps its own initialisation.

    Args:
        model: of `create_model`.
        arch: its architecture.
        channel: folder of the `pretrained` channel; None without one.
        baked_in: folder in the image.

    Returns where they came from, for the log. Raises TrainingFailure when there are none, or the file does not fit.
    """
    found = find_weights_file(channel, baked_in)
    if found:
        file, origin = found
        _load_backbone(model, _read(file), arch, origin)
        return origin
    if arch == EMBEDDED_ARCH and embedded_weights_file():
        state, origin = embedded_weights(model.get_submodule("backbone")), "ImageNet, in the image"
    else:
        state, origin = _downloaded(arch)
    _load_backbone(model, state, arch, origin)
    return origin


def _downloaded(arch: str) -> tuple[dict[str, torch.Tensor], str]:
    """The published tensors, and what they are called in the log."""
    try:
        if is_timm(arch):
            return download_weights(arch), f"timm ({arch})"
        weights = models.get_model_weights(arch).DEFAULT
        with _impatient_sockets():  # torch.hub sets no timeout, and would wait minutes for each of a host's addresses
            return weights.get_state_dict(progress=False, check_hash=True), f"torchvision ({weights})"
    except (OSError, RuntimeError) as error:  # no network, a proxy's answer, or a file cut short
        source = "huggingface.co" if is_timm(arch) else "download.pytorch.org"
        embedded = (
            f"; take arch={EMBEDDED_ARCH}, whose ImageNet weights are in the train image"
            if embedded_weights_file()
            else ""
        )
        raise TrainingFailure(
            f"The pretrained weights of {arch} could not be downloaded: {_in_a_line(error)} Each of these helps: give "
            "a `pretrained` channel with a weights file; bake one into the image with `make build WEIGHTS=path`; run "
            f"where the network reaches {source}{embedded}; or train from scratch with pretrained=none."
        ) from error


@contextmanager
def _impatient_sockets() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _read(path: Path) -> dict[str, torch.Tensor]:
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        if path.name.endswith(".tar.gz"):
            return safetensors.torch.load(_model_file_in(path))
        # weights_only: a weights file may come from anywhere, and a pickle may run anything.
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise TrainingFailure(
            f"The weights file {path.name} cannot be read as tensors: {_in_a_line(error)} {WANTED}"
        ) from error
    inner = found.get("state_dict", found) if isinstance(found, dict) else found
    # A checkpoint may have an epoch and the like beside its tensors.
    state = (
        {name: value for name, value in inner.items() if isinstance(name, str) and isinstance(value, torch.Tensor)}
        if isinstance(inner, dict)
        else {}
    )
    if not state:
        raise TrainingFailure(f"The weights file {path.name} holds {_described(found)}. {WANTED}")
    return state


def _model_file_in(archive: Path) -> bytes:
    """The model file of an earlier training, out of its model.tar.gz."""
    with tarfile.open(archive, "r:gz") as opened:
        for member in opened:
            if Path(member.name).name == FILE_NAME and (content := opened.extractfile(member)):
                return content.read()
    raise ValueError(f"it has no {FILE_NAME}, which the train image writes")


def _in_a_line(error: Exception) -> str:
    """One line of an error, without torch's advice to load the file without its check, which would run its code."""
    said = str(error)
    code = re.search(r"Unsupported (?:global|class)[: ]+(?:GLOBAL )?([\w.]+)", said)
    if code:
        return f"it holds code, of {code[1]}."
    if said.startswith("Weights only load failed"):
        return "torch.save did not write it."
    [line] = said.splitlines()[:1] or [type(error).__name__]
    return f"{line[:SHOWN].rstrip('. ')}."


def _described(found: object, inside: bool = True) -> str:
    """The kind of an object; of a dict, that of its first items, too."""
    if not isinstance(found, dict):
        kind = type(found).__name__
        return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
    items = ", ".join(f"{str(name)[:40]!r}: {_described(one, False)}" for name, one in list(found.items())[:3])
    more = ", ..." if len(found) > 3 else ""
    return f"a dict of {items}{more}" if items and inside else "a dict" if found else "an empty dict"


def _load_backbone(model: nn.Module, state: dict[str, torch.Tensor], arch: str, origin: str) -> None:
    """Copy every tensor of the backbone; the head's, and torchvision's own last layer, are left out."""
    head = f"{model.head_name}."
    filled = model.state_dict()
    wanted = {name for name in filled if not name.startswith(head)}
    given = {_current_name(name): tensor for name, tensor in state.items()}
    if is_timm(arch):  # published under the backbone's own names, and by an earlier training under the model's
        given = {f"{BACKBONE}{name.removeprefix(BACKBONE)}": tensor for name, tensor in given.items()}
    # Files from before PyTorch 0.4.1, ResNet's among them, do not have the batch counters; nothing reads them here.
    missing = sorted(name for name in wanted - given.keys() if not name.endswith("num_batches_tracked"))
    if missing:
        raise TrainingFailure(
            f"{origin} does not fit {arch}: {len(missing)} of {len(wanted)} tensors are missing, the first is "
            f"{missing[0]}. Use weights made for this architecture."
        )
    filled.update({name: given[name] for name in wanted & given.keys()})
    try:
        model.load_state_dict(filled)
    except RuntimeError as error:
        why = str(error).splitlines()[-1].strip().rstrip(".")
        raise TrainingFailure(
            f"{origin} does not fit {arch}: {why}. Use weights made for this architecture."
        ) from error


def _current_name(name: str) -> str:
    """A tensor's name as modules have it today: without DataParallel's prefix, and DenseNet's `norm.1` as `norm1`."""
    return re.sub(r"(denselayer\d+\.(?:norm|conv))\.(\d)\.", r"\1\2.", name.removeprefix("module."))
