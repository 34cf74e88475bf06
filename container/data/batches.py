"""What a model learns from, as the loop sees it: pictures for a whole model, features for a head alone."""

from typing import Protocol

import torch


class Examples(Protocol):
    """labels: int64 [n], on the CPU. What a model is fed is float32, on `device`, one row for each example."""

    labels: torch.Tensor

    def training_inputs(
        self,
        rows: torch.Tensor,
        epoch: int,
        random: torch.Generator,
        device: torch.device,
        part: tuple[int, int] | None = None,
    ) -> torch.Tensor:
        """Augmented views of the examples rows[start:stop]; part: (start, stop), None for all of them.

        rows: int64 [b], those of a whole step. epoch: from 1. An example's view is the same whatever part it is in.
        """

    def evaluation_inputs(self, start: int, stop: int, device: torch.device) -> torch.Tensor:
        """The examples start..stop-1 as the endpoint would prepare them."""
