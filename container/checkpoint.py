"""The model file: weights with everything that is needed to use them, and no pickled code.

One safetensors file; its metadata hold, as JSON under one key, the architecture, the classes in the order of the logits
and the preprocessing. https://github.com/huggingface/safetensors
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from container.preprocessing import Preprocessing

FILE_NAME = "model.safetensors"
FORMAT = "dogbreed-2"


class UnusableCheckpoint(ValueError):
    """The file is missing, torn or of another kind; the message says which."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained model on the CPU, in evaluation mode, and what belongs to it.

    test_flip: whether it answers from a picture and its mirror image. facts: epoch, accuracy and the like.
    """

    model: nn.Module
    arch: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    test_flip: bool
    facts: dict


def save_checkpoint(
    model_dir: Path, state: dict[str, torch.Tensor], arch: str, head_widths: tuple[int, ...], classes: tuple[str, ...],
    preprocessing: Preprocessing, facts: dict, test_flip: bool = False,
) -> Path:
    """Write the model file; a reader sees the old one or the new one, never half of one. state: the whole model's."""
    description = {
        "arch": arch,
        "head_widths": head_widths,
        "classes": classes,
        "preprocessing": preprocessing.to_dict(),
        "test_flip": test_flip,
        "facts": facts,
    }
    model_dir.mkdir(parents=True, exist_ok=True)
    path, unfinished = model_dir / FILE_NAME, model_dir / f".{FILE_NAME}.unfinished"
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    # One key: safetensors writes several in any order, and the same run would not give the same file.
    safetensors.torch.save_file(tensors, unfinished, {FORMAT: json.dumps(description)})
    os.replace(unfinished, path)
    return path


class _NoInitialWeights(TorchFunctionMode):
    """Modules made meanwhile have whatever was in memory: drawing weights that the file's replace is most of the time of making a network.

    The meta device, which is meant for this, imports torch's compiler for its first random number, and RegNets cannot be made there.
    """

    def __torch_function__(self, function, types, arguments=(), options=None):
        options = options or {}
        if function in (torch.Tensor.uniform_, torch.Tensor.normal_) or getattr(function, "__module__", "") == "torch.nn.init":
            return arguments[0] if arguments else options["tensor"]
        return function(*arguments, **options)


def load_checkpoint(model_dir: Path) -> Checkpoint:
    """Rebuild the model from its file alone. Raises UnusableCheckpoint."""
    from container.model import create_model  # torchvision: a second that who only writes a checkpoint need not wait

    path = model_dir / FILE_NAME
    if not path.is_file():
        raise UnusableCheckpoint(f"There is no {FILE_NAME} in {model_dir}: this is not a model that the train image wrote.")
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (safetensors.SafetensorError, OSError) as error:
        raise UnusableCheckpoint(f"{path} cannot be read: {error}") from error
    if FORMAT not in metadata:
        raise UnusableCheckpoint(f"{path} is not in the format {FORMAT}: another program, or an earlier version of this one, wrote it. Train the model anew.")
    description = json.loads(metadata[FORMAT])
    classes = tuple(description["classes"])
    with _NoInitialWeights():
        model = create_model(description["arch"], len(classes), tuple(description["head_widths"]))
    state = model.state_dict()  # with its version marks, which some architectures insist on
    if state.keys() != tensors.keys():
        raise UnusableCheckpoint(f"{path} does not hold the tensors of a {description['arch']}.")
    shapes = [name for name in state if state[name].shape != tensors[name].shape]
    if shapes:
        raise UnusableCheckpoint(f"{path} holds a {shapes[0]} of another shape than a {description['arch']} has.")
    state.update(tensors)
    model.load_state_dict(state, assign=True)
    return Checkpoint(
        model=model.eval(),
        arch=description["arch"],
        classes=classes,
        preprocessing=Preprocessing.from_dict(description["preprocessing"]),
        test_flip=description["test_flip"],
        facts=description["facts"],
    )
