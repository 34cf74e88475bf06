"""Runs in the serve image: writes the model that every server serves. `random_model.py DATA FOLDER`.

Its weights are random, and a seed fixes them. Such a network answers nearly the same to every picture, and rounding
decides. So batch normalisation gets its statistics from photographs, as training would give it them, and the last layer
knows a photograph for each class: answers then differ as a trained network's do, and servers can be seen to agree."""

import json
import sys
from pathlib import Path

import torch
from ordinary_net import CLASSES
from photographs import photographs
from torch import nn

from container.model.head import HEAD_WIDTHS, head_of
from container.model.model_file import save_checkpoint
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing, open_picture

ARCH, SIZE, SEED = "resnet34", 224, 1
CERTAIN = 10.0  # logit of a photograph that the last layer knows


def random_model(inputs: torch.Tensor) -> nn.Module:
    """inputs: at most CLASSES photographs, float32 [n, 3, SIZE, SIZE]; each is the example of a class."""
    torch.manual_seed(SEED)
    model = create_model(ARCH, CLASSES).to(memory_format=torch.channels_last)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean over all batches
    last = head_of(model)[-1]
    hidden: list[torch.Tensor] = []
    last.register_forward_pre_hook(lambda _, given: hidden.append(given[0]))
    with torch.inference_mode():
        model.train()
        for batch in inputs.split(32):
            model(batch)
        model.eval()
        hidden.clear()
        for batch in inputs.split(32):
            model(batch)
        known = torch.cat(hidden)
        mean = known.mean(0)
        directions = nn.functional.normalize(known - mean)
        last.weight[: len(known)] = directions * (CERTAIN / (known - mean).norm(dim=1).mean())
        last.bias.copy_(-last.weight @ mean)
    return model


def main(data: Path, folder: Path) -> None:
    preprocessing = Preprocessing.for_image_size(SIZE)
    squares = [torch.from_numpy(preprocessing.to_square(open_picture(path))) for path in photographs(data)]
    inputs = preprocessing.normalise(preprocessing.centre(torch.stack(squares).permute(0, 3, 1, 2)))
    state = random_model(inputs).state_dict()
    classes = tuple(f"class {number:03}" for number in range(CLASSES))
    save_checkpoint(folder, state, ARCH, HEAD_WIDTHS, classes, preprocessing, {})
    # The same for those who have torchvision alone.
    torch.save(state, folder / "model.pth")
    (folder / "index_to_name.json").write_text(json.dumps({str(number): name for number, name in enumerate(classes)}))
    print(json.dumps({"classes": len(classes)}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
