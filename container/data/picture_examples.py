"""Pictures as a whole model takes them: a new random view at every step of training, the centre for evaluation."""

from functools import cached_property

import torch

from container.data.augmentation import Variations, cut, cut_together, draw_variations, recolour
from container.data.picture_store import PictureStore
from container.data.trivial_augment import trivial_augment
from container.pictures.preprocessing import Preprocessing
from container.runtime.batch_threads import BatchThreads

PART = 4  # pictures that a thread takes at once: what it makes of them stays in the cache


class PictureExamples:
    """The pictures of a store as `Examples`: float32 [b, 3, image_size, image_size], normalised."""

    def __init__(
        self,
        store: PictureStore,
        preprocessing: Preprocessing,
        min_crop: float,
        trivial: bool = False,
        workers: int = 0,
    ):
        """Args:
        store: the decoded pictures.
        preprocessing: of the model.
        min_crop: smallest share of the area that a crop shows, (0, 1].
        trivial: TrivialAugment in the place of colour changes.
        workers: threads; 0: one for each core.
        """
        self.labels = store.labels
        self._store, self._preprocessing, self._min_crop, self._trivial = store, preprocessing, min_crop, trivial
        self._workers = workers

    @cached_property
    def _threads(self) -> BatchThreads:
        return BatchThreads(self._workers)  # a split that is only evaluated needs none

    def training_inputs(
        self,
        rows: torch.Tensor,
        epoch: int,
        random: torch.Generator,
        device: torch.device,
        part: tuple[int, int] | None = None,
    ) -> torch.Tensor:
        first, end = part or (0, len(rows))
        variations = draw_variations(len(rows), self._preprocessing.square_size, self._min_crop, random)[first:end]
        seeds = torch.randint(2**31, (len(rows),), generator=random)[first:end].tolist() if self._trivial else []
        if device.type == "cuda" and not self._trivial:  # whose transformations are too many and too small for a GPU
            return self._inputs_on_gpu(rows[first:end], variations, device)
        mine, on_cpu, size = rows[first:end].tolist(), device.type == "cpu", self._preprocessing.image_size
        pixels = torch.empty(
            (len(mine), 3, size, size), dtype=torch.uint8, pin_memory=not on_cpu, memory_format=torch.channels_last
        )
        inputs = torch.empty(pixels.shape, memory_format=torch.channels_last) if on_cpu else None

        def take(start: int, stop: int) -> None:
            cut([self._store.square(row) for row in mine[start:stop]], variations[start:stop], pixels[start:stop])
            for picture, seed in zip(
                pixels[start:stop], seeds[start:stop], strict=False
            ):  # no seeds without TrivialAugment
                picture.copy_(trivial_augment(picture, torch.Generator().manual_seed(seed)))
            if inputs is not None:
                inputs[start:stop] = self._finished(pixels[start:stop], variations.colours[start:stop])

        self._threads.run(take, len(mine), PART)
        if inputs is not None:
            return inputs
        return self._finished(pixels.to(device, non_blocking=True), variations.colours).contiguous(
            memory_format=torch.channels_last
        )

    def _inputs_on_gpu(self, mine: torch.Tensor, variations: Variations, device: torch.device) -> torch.Tensor:
        """The squares are copied to the GPU as they are, and cropped and recoloured there."""
        squares = self._store.squares(mine, pin_memory=True).to(device, non_blocking=True)
        pixels = cut_together(squares, variations, self._preprocessing.image_size)
        return recolour(pixels, variations.colours, self._preprocessing).contiguous(memory_format=torch.channels_last)

    def _finished(self, pixels: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
        return (
            self._preprocessing.normalise(pixels) if self._trivial else recolour(pixels, colours, self._preprocessing)
        )

    def evaluation_inputs(self, start: int, stop: int, device: torch.device) -> torch.Tensor:
        squares = self._store.squares(torch.arange(start, stop), pin_memory=device.type == "cuda").to(
            device, non_blocking=True
        )
        return self._preprocessing.normalise(self._preprocessing.centre(squares))
