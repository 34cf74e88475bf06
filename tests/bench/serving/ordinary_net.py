"""The network as somebody writes it who has torchvision alone: ResNet34 with a head of three layers."""

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

CLASSES = 133


class Classifier(ResNet):
    """float32 [n, 3, 224, 224] -> logits [n, CLASSES]"""

    def __init__(self):
        super().__init__(BasicBlock, [3, 4, 6, 3])
        self.fc = nn.Sequential(
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(512, 256),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(256, CLASSES),
        )


def load_classifier(weights: str, device: torch.device) -> Classifier:
    """weights: a file of torch.save(model.state_dict())."""
    model = Classifier()
    model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return model.to(device).eval()
