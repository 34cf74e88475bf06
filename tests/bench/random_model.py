"""`random_model.py FOLDER`, inside an image: write a ResNet34 with random weights as a model file. 133 classes, pictures of 224 pixels."""

import sys
from pathlib import Path

import torch

from container.checkpoint import save_checkpoint
from container.head import HEAD_WIDTHS
from container.model import create_model
from container.preprocessing import Preprocessing

torch.manual_seed(0)
classes = tuple(f"Breed_{number:03}" for number in range(133))
state = create_model("resnet34", len(classes)).state_dict()
save_checkpoint(Path(sys.argv[1]), state, "resnet34", HEAD_WIDTHS, classes, Preprocessing.for_image_size(224), {})
