"""Preprocessing as torchvision's documentation of its classifiers shows it: https://pytorch.org/vision/stable/models.html"""

import io

import torch
from PIL import Image
from torchvision import transforms

_TRANSFORM = transforms.Compose(
    [
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
    ]
)


def read_picture(body: bytes) -> torch.Tensor:
    """A JPEG's bytes -> float32 [3, 224, 224]"""
    return _TRANSFORM(Image.open(io.BytesIO(body)).convert("RGB"))
