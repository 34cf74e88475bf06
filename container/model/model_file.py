"""The model file: weights with everything that is needed to use them, and no pickled code.

One safetensors file (https://github.com/huggingface/safetensors). Its metadata has one key, whose value is JSON:
architecture, classes in the order of the logits, preprocessing, temperature.
"""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from container.model.model_description import Description, WrongDescription, read_description
from container.model.timm_backbone import is_timm, timm_version
from container.pictures.preprocessing import Preprocessing
from container.runtime.failure import TrainingFailure
from contract.atomic_write import replacing
from contract.data_files import some

FILE_NAME = "model.safetensors"
FORMAT = "dogbreed-2"
ANEW = "Use the image of the version that trained the model, or train it anew with this one."


class UnusableCheckpoint(ValueError):
    """A model file is missing, torn or of another kind; the message says which."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained model on the CPU, in evaluation mode, with its description.

    test_flip: whether it answers from a picture and its mirror image. facts: epoch, accuracy and the like. temperature:
    what the logits are divided by for probabilities. unknown_below: an answer whose highest probability is below it
    names no class; 0 is off.
    """

    model: nn.Module
    arch: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    test_flip: bool
    facts: dict[str, Any]
    temperature: float = 1.0
    unknown_below: float = 0.0


def save_checkpoint(
    model_dir: Path,
    state: dict[str, torch.Tensor],
    arch: str,
    head_widths: tuple[int, ...],
    classes: tuple[str, ...],
    preprocessing: Preprocessing,
    facts: dict[str, Any],
    test_flip: bool = False,
    temperature: float = 1.0,
    unknown_below: float = 0.0,
) -> Path:
    """Write the model file, and return its path. The file is replaced atomically.

    Args:
        model_dir: folder of the file.
        state: tensors of the whole model by name.
        arch, head_widths: what `create_model` made it from.
        classes: names in the order of the logits.
        preprocessing: of its inputs.
        facts: JSON, for whoever reads the file.
        test_flip: whether it answers from a picture and its mirror image.
        temperature: what the logits are divided by for probabilities.
        unknown_below: an answer whose highest probability is below it names no class; 0 is off.
    """
    description = {
        "arch": arch,
        "head_widths": head_widths,
        "classes": classes,
        "preprocessing": preprocessing.to_dict(),
        "test_flip": test_flip,
        "temperature": temperature,
        "unknown_below": unknown_below,
        "facts": {**facts, **({"timm": timm_version()} if is_timm(arch) else {})},
    }
    model_dir.mkdir(parents=True, exist_ok=True)
    path = model_dir / FILE_NAME
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    # One key: safetensors writes several in any order, and the same run would not give the same file.
    with replacing(path) as unfinished:
        write_tensors(tensors, unfinished, {FORMAT: json.dumps(description)})
    return path


def write_tensors(tensors: dict[str, torch.Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file. Raises OSError that names it, which the library's own error does not."""
    try:
        safetensors.torch.save_file(tensors, path, metadata)
    except safetensors.SafetensorError as error:
        raise OSError(f"{path} could not be written: {error}") from error


class _NoInitialWeights(TorchFunctionMode):
    """A context in which modules are made without initial weights: they have whatever was in memory.

    Drawing weights that the file's replace is most of the time of making a network. The meta device, which is meant for
    this, imports torch's compiler for its first random number, and RegNets cannot be made there.
    """

    def __torch_function__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), options: dict[str, Any] | None = None
    ) -> Any:
        options = options or {}
        if (
            function in (torch.Tensor.uniform_, torch.Tensor.normal_)
            or getattr(function, "__module__", "") == "torch.nn.init"
        ):
            return arguments[0] if arguments else options["tensor"]
        return function(*arguments, **options)


def load_checkpoint(model_dir: Path) -> Checkpoint:
    """Rebuild a model from its file alone. model_dir: folder of the file. Raises UnusableCheckpoint."""
    from container.model.network import (
        create_model,  # torchvision: a second that who only writes a checkpoint need not wait
    )

    path = model_dir / FILE_NAME
    if not path.is_file():
        inside = sorted(one.relative_to(model_dir).as_posix() for one in model_dir.rglob("*") if one.is_file())
        raise UnusableCheckpoint(
            f"There is no {FILE_NAME} in {model_dir}, which {f'holds {some(inside)}' if inside else 'is empty'}: this "
            "is not a model that the train image wrote."
        )
    description, tensors = _read(path)
    # Before a network is made of it: a head of a billion neurons would take all memory.
    largest = sum(tensor.numel() for tensor in tensors.values())
    sizes = (*description.head_widths, len(description.classes))
    if len(sizes) > len(tensors) or any(one * other > largest for one, other in pairwise((1, *sizes))):
        raise UnusableCheckpoint(
            f"{path} does not hold the tensors of the head that its description has ({len(sizes)} layers, the last of "
            f"{sizes[-1]} classes). {ANEW}"
        )
    try:
        with _NoInitialWeights():
            model = create_model(description.arch, len(description.classes), description.head_widths)
    except TrainingFailure as error:
        raise UnusableCheckpoint(
            f"{path} has an architecture that is not in this image: {description.arch[:60]!r}. {ANEW}"
        ) from error
    state = model.state_dict()  # with its version marks, which some architectures insist on
    if state.keys() != tensors.keys():
        missing, more = sorted(state.keys() - tensors.keys()), sorted(tensors.keys() - state.keys())
        raise UnusableCheckpoint(
            f"{path} does not hold the tensors of a {description.arch}: it "
            f"{f'lacks {missing[0]}' if missing else f'has {more[0]}, too'}. {ANEW}"
        )
    for name, wanted in state.items():
        if wanted.shape != tensors[name].shape:
            raise UnusableCheckpoint(
                f"{path} holds {name} of the shape {tuple(tensors[name].shape)}, and a {description.arch} has it as "
                f"{tuple(wanted.shape)}. {ANEW}"
            )
        if wanted.dtype != tensors[name].dtype:
            raise UnusableCheckpoint(
                f"{path} holds {name} as {_short(tensors[name].dtype)}, and a {description.arch} has it as "
                f"{_short(wanted.dtype)}. {ANEW}"
            )
    state.update(tensors)
    model.load_state_dict(state, assign=True)
    return Checkpoint(
        model.eval(),
        description.arch,
        description.classes,
        description.preprocessing,
        description.test_flip,
        description.facts,
        description.temperature,
        description.unknown_below,
    )


def _read(path: Path) -> tuple[Description, dict[str, torch.Tensor]]:
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping: it cannot be iterated)
    except Exception as error:  # safetensors' own, the system's, torch's for a kind of number that it does not have
        raise UnusableCheckpoint(
            f"{path} cannot be read: {str(error).rstrip('.')}. It is damaged or cut short: copy it again, or train the "
            "model anew."
        ) from error
    if FORMAT not in metadata:
        raise UnusableCheckpoint(
            f"{path} is not in the format {FORMAT}: another program, or an earlier version of this one, wrote it. "
            "Train the model anew."
        )
    try:
        return read_description(metadata[FORMAT]), tensors
    except WrongDescription as error:
        raise UnusableCheckpoint(f"The description in {path} {error}. {ANEW}") from error


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
