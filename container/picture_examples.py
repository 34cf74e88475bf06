"""Pictures as a whole model takes them: views drawn anew at every step for training, the centre for evaluation."""

import torch

from container.augmentation import augment
from container.picture_store import PictureStore
from container.preprocessing import Preprocessing


class PictureExamples:
    """The pictures of a store as `Examples`: float32 [b, 3, image_size, image_size], normalised."""

    def __init__(self, store: PictureStore, preprocessing: Preprocessing, min_crop: float):
        self.labels = store.labels
        self._store, self._preprocessing, self._min_crop = store, preprocessing, min_crop

    def training_inputs(self, rows: torch.Tensor, epoch: int, random: torch.Generator, device: torch.device) -> torch.Tensor:
        squares = self._store.squares(rows).to(device, non_blocking=True)
        return self._preprocessing.normalise(augment(squares, self._preprocessing.image_size, self._min_crop, random))

    def evaluation_inputs(self, start: int, stop: int, device: torch.device) -> torch.Tensor:
        squares = self._store.squares(torch.arange(start, stop))
        return self._preprocessing.normalise(self._preprocessing.centre(squares).to(device, non_blocking=True))
