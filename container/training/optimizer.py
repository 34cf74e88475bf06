"""The optimiser: AdamW, with smaller rates the nearer a layer is to the picture."""

import torch
from torch import nn

from container.model.head import head_of
from container.training.eager_adamw import EagerAdamW

BANDS = 8  # of the backbone, from the picture to the head; each has one rate


def create_optimizer(model: nn.Module, weight_decay: float, early_lr: float) -> EagerAdamW:
    """AdamW over the trainable parameters; biases and normalisation layers do not decay.

    early_lr: the first layers' rate as a share of the head's, (0, 1]; between them it grows by equal factors
    (https://arxiv.org/abs/1801.06146, section 3.2). `set_rate` gives it its rates.
    """
    in_head = {id(parameter) for parameter in head_of(model).parameters()}
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    backbone = [parameter for parameter in trainable if id(parameter) not in in_head]
    depth = {id(parameter): number * BANDS // len(backbone) for number, parameter in enumerate(backbone)}
    groups: dict[tuple[float, bool], list[torch.Tensor]] = {}
    for parameter in trainable:
        share = early_lr ** (1 - depth.get(id(parameter), BANDS) / BANDS)
        groups.setdefault((share, parameter.ndim > 1), []).append(parameter)
    # fused: one pass over the weights instead of a dozen, on the CPU too
    return EagerAdamW(
        [
            {"params": parameters, "share": share, "weight_decay": weight_decay if decays else 0.0}
            for (share, decays), parameters in groups.items()
        ],
        fused=True,
    )


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """rate: the head's; every group gets its share of it."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]
