"""What the training loop needs of a data set: `Examples`, pictures for a whole model or features for a head alone."""

from typing import Protocol

import torch


class Examples(Protocol):
    """The examples of a split. What a model is given is float32, on `device`, one row for each example.

    labels: int64 [n], on the CPU.
    """

    labels: torch.Tensor

    def training_inputs(
        self,
        rows: torch.Tensor,
        epoch: int,
        random: torch.Generator,
        device: torch.device,
        part: tuple[int, int] | None = None,
    ) -> torch.Tensor:
        """Augmented views of examples. An example's view is the same whatever part it is in.

        Args:
            rows: int64 [b], the examples of a whole step.
            epoch: from 1.
            random: decides on the augmentation.
            device: of the result.
            part: (start, stop), for the examples rows[start:stop] alone; None for all.
        """

    def evaluation_inputs(self, start: int, stop: int, device: torch.device) -> torch.Tensor:
        """The examples start..stop-1 as the endpoint would prepare them, on `device`."""
