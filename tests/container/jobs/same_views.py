"""Pictures for the whole network that show in each epoch the very views which a feature bank of them holds."""

import torch

from container.data.picture_examples import PictureExamples
from container.data.picture_store import PictureStore
from container.jobs.feature_pass import CHUNK, view
from container.pictures.preprocessing import Preprocessing


class SameViews(PictureExamples):
    """Every view is kept, float32: for a few thousand small pictures."""

    def __init__(self, store: PictureStore, preprocessing: Preprocessing, min_crop: float, views: int):
        assert not store.unreadable, "the bank counts unreadable pictures, too, when it cuts a split into chunks"
        super().__init__(store, preprocessing, min_crop)
        squares = store.squares(torch.arange(len(store)))
        self._views = torch.stack(
            [
                torch.cat(
                    [
                        view(
                            squares[start : start + CHUNK],
                            start // CHUNK,
                            number,
                            preprocessing,
                            min_crop,
                            squares.device,
                        )
                        for start in range(0, len(store), CHUNK)
                    ]
                )
                for number in range(views)
            ]
        )

    def training_inputs(
        self,
        rows: torch.Tensor,
        epoch: int,
        random: torch.Generator,
        device: torch.device,
        part: tuple[int, int] | None = None,
    ) -> torch.Tensor:
        rows = rows[slice(*part)] if part else rows
        return self._views[(epoch - 1 + rows) % len(self._views), rows].to(device)
