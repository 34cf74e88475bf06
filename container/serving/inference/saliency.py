"""Saliency: how much each part of a picture speaks for a class, as a coarse map, from one forward pass and the end of a
backward pass.

On the last feature map the class's score depends on, the gradient of the score times the map's values, summed over the
channels: HiResCAM (https://arxiv.org/abs/2011.08891). Where the map is averaged before the head, as in ResNets, this is
Grad-CAM (https://arxiv.org/abs/1610.02391). The tokens of a transformer are a map, too."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from container.model.model_file import Checkpoint
from container.pictures.preprocessing import Preprocessing
from container.serving.inference.network import patterns, same_tensors_in_new_modules

MIN_SIDE, MAX_SIDE = 4, 32  # of a map; a network for small pictures has coarser ones at its end, which say little
MAX_PREFIX = 8  # tokens before those of the picture: of the class, of distillation, registers


@dataclass(frozen=True)
class _Layer:
    """The module of this name when it is called for the `call`th time in a forward pass. side: of its map."""

    name: str
    call: int
    side: int


class NoFeatureMap(ValueError):
    """The network has no layer whose output is a map of the picture that its answer depends on."""


class Saliency:
    """A checkpoint's network in float32, module by module: those that answer are traced or fused, and no gradient
    passes through them.

    On a CPU it shares the checkpoint's tensors, on a GPU it is a copy of them. Not safe to call from two threads at
    once. Raises NoFeatureMap.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device):
        self._preprocessing, self._flip, self._device = checkpoint.preprocessing, checkpoint.test_flip, device
        self._network = same_tensors_in_new_modules(checkpoint.model).eval().to(device)
        self._layer = self._last_layer_that_counts(checkpoint.arch)

    def __call__(self, square: np.ndarray, index: int) -> np.ndarray:
        """The map for one class.

        square: uint8 [side, side, 3], as `Preprocessing.to_square` gives it. index: of the class. Returns float32
        [rows, columns], 0 to 1: the part that speaks for the class most has 1; all are 0 where none does."""
        # Whoever calls may be in inference mode, where nothing can be differentiated.
        with torch.inference_mode(False), torch.enable_grad():
            pixels = torch.from_numpy(square)[None].to(self._device).permute(0, 3, 1, 2)
            inputs = self._preprocessing.normalise(self._preprocessing.centre(pixels))
            found = self._contributions(self._layer, inputs, index)
            if found is None:
                raise NoFeatureMap(f"The layer {self._layer.name} gave no map for this picture.")
            if self._flip:  # the answer is the mean of both
                mirrored = self._contributions(self._layer, inputs.flip(-1), index)
                found = found if mirrored is None else found + mirrored.flip(-1)
            found = found.clamp(min=0)
            largest = float(found.max())
            return (found / largest if largest > 0 else found).cpu().numpy()

    def _last_layer_that_counts(self, arch: str) -> _Layer:
        """Tried from the last backwards: the last tokens of a picture say nothing to a head that reads another one."""
        with torch.inference_mode(False), torch.enable_grad():
            inputs = patterns(self._preprocessing.image_size)[:1].to(self._device)
            layers = self._layers_with_maps(inputs)
            fine = [layer for layer in layers if layer.side >= MIN_SIDE]
            for layer in [*reversed(fine), *(one for one in reversed(layers) if one not in fine)]:
                found = self._contributions(layer, inputs, 0)
                if found is not None and bool((found != 0).any()):
                    return layer
        raise NoFeatureMap(
            f"output=saliency needs a layer whose output is a map of the picture, and a {arch} for pictures of "
            f"{self._preprocessing.image_size} pixels has none. Ask this endpoint for other outputs."
        )

    def _layers_with_maps(self, inputs: torch.Tensor) -> list[_Layer]:
        """In the order in which they end."""
        found: list[_Layer] = []
        calls: Counter[str] = Counter()

        def look(name: str) -> Any:
            def hook(module: nn.Module, arguments: object, output: object) -> None:
                calls[name] += 1
                view = _as_map(output, len(inputs))
                if view is not None and 1 < view.shape[-1] <= MAX_SIDE:
                    found.append(_Layer(name, calls[name], view.shape[-1]))

            return hook

        handles = [module.register_forward_hook(look(name)) for name, module in self._network.named_modules() if name]
        try:
            with torch.no_grad():
                self._network(inputs)
        finally:
            for handle in handles:
                handle.remove()
        return found

    def _contributions(self, layer: _Layer, inputs: torch.Tensor, index: int) -> torch.Tensor | None:
        """Gradient times value, summed over channels: float32 [side, side]; None where the logits do not depend on it.

        No weight asks for a gradient, so that nothing before the layer is remembered for the backward pass.
        """
        calls, leaves = 0, []

        def cut(module: nn.Module, arguments: object, output: torch.Tensor) -> torch.Tensor | None:
            nonlocal calls
            calls += 1
            if calls != layer.call:
                return None
            leaf = output.detach().requires_grad_()
            leaves.append(leaf)
            return leaf.clone()  # what comes next may change it in place, and no leaf may be changed

        handle = self._network.get_submodule(layer.name).register_forward_hook(cut)
        try:
            logits = self._network(inputs)
        finally:
            handle.remove()
        if not logits.requires_grad:
            return None
        [gradient] = torch.autograd.grad(logits[0, index], leaves, allow_unused=True)
        if gradient is None:
            return None
        contributions = _as_map(gradient * leaves[0].detach(), len(inputs))
        return None if contributions is None else contributions[0].sum(0)


def _as_map(output: object, count: int) -> torch.Tensor | None:
    """A module's output as a map [count, channels, side, side], None where it is none. A map is a square, as pictures
    are here.

    Convolutions give [n, c, h, w], some transformers [n, h, w, c], the others tokens [n, t, c], row by row."""
    if not isinstance(output, torch.Tensor) or not output.is_floating_point() or output.ndim not in (3, 4):
        return None
    if output.shape[0] != count:  # windows of a picture, each a row
        return None
    if output.ndim == 4:
        if output.shape[2] == output.shape[3]:
            return output
        return output.permute(0, 3, 1, 2) if output.shape[1] == output.shape[2] else None
    side = math.isqrt(output.shape[1])
    before = output.shape[1] - side * side
    if before > MAX_PREFIX:
        return None
    return output[:, before:].transpose(1, 2).reshape(count, -1, side, side)


def seen_part(preprocessing: Preprocessing, width: int, height: int) -> tuple[float, float, float, float]:
    """Which part of an upright picture of this size the network is given: left, top, right, bottom, shares of its width
    and height.
    """
    edge = min(width, height)
    start = (preprocessing.square_size - preprocessing.image_size) // 2 / preprocessing.square_size
    end = start + preprocessing.image_size / preprocessing.square_size
    left, top = (width - edge) / 2, (height - edge) / 2
    return (
        (left + start * edge) / width,
        (top + start * edge) / height,
        (left + end * edge) / width,
        (top + end * edge) / height,
    )
