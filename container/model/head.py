"""The head: three fully connected layers in the place of a backbone's last one; and which parts of a model are trained.

Nothing here needs torchvision, whose import takes longer than a trial that trains a head on features.
"""

import torch
from torch import nn

HEAD_WIDTHS = (512, 256)  # the two hidden layers


def create_head(
    in_features: int, class_count: int, widths: tuple[int, ...] = HEAD_WIDTHS, dropout: float = 0.0
) -> nn.Sequential:
    """An untrained head: float [n, in_features] -> logits [n, class_count]. Alone it is a model that is all head.

    Its hidden layers begin as large as their ReLUs need (https://arxiv.org/abs/1502.01852): with torch's own beginning
    each would let through less than half of what it is given, and of the gradient.

    Args:
        in_features: d of the backbone's features.
        class_count: number of classes.
        widths: of the hidden layers.
        dropout: share of each hidden layer's outputs, [0, 1).
    """
    layers: list[nn.Module] = []
    inputs = in_features
    for width in widths:
        hidden = nn.Linear(inputs, width)
        nn.init.kaiming_normal_(hidden.weight, nonlinearity="relu")
        layers += [hidden, nn.ReLU(inplace=True), nn.Dropout(dropout)]
        inputs = width
    head = nn.Sequential(*layers, nn.Linear(inputs, class_count))
    head.head_name = ""
    return head


def head_of(model: nn.Module) -> nn.Module:
    """The head of a model that `create_model` or `create_head` made."""
    return model.get_submodule(model.head_name)


def set_backbone_trainable(model: nn.Module, trainable: bool) -> None:
    """Whether all of the model is trainable, or the head alone."""
    model.requires_grad_(trainable)
    head_of(model).requires_grad_(True)


def set_training_mode(model: nn.Module, freeze_batch_norm: bool = False) -> None:
    """`model.train()`, but a frozen backbone stays in evaluation mode as a whole.

    Its batch normalisation must neither use nor update the statistics of the batch, and its dropout and stochastic
    depth would only blur what nothing can learn from: the features of a picture are then the same in every epoch.

    freeze_batch_norm: batch normalisation stays in evaluation mode in any case. Those of a batch of dogs are far from
    those of ImageNet's thousand classes, and pretrained features are lost with them:
    https://keras.io/guides/transfer_learning/"""
    head = head_of(model)
    in_head = {id(parameter) for parameter in head.parameters()}
    frozen = not any(parameter.requires_grad for parameter in model.parameters() if id(parameter) not in in_head)
    model.train(not frozen)
    if freeze_batch_norm:
        for module in model.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
                module.eval()
    head.train()


def head_state(head_name: str, head: nn.Module) -> dict[str, torch.Tensor]:
    """The tensors of a head by the names that they have in the whole model."""
    return {f"{head_name}.{name}": tensor for name, tensor in head.state_dict().items()}
