"""Which parts of a picture speak for a class: where they are, for every family of networks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from container.model.model_file import Checkpoint
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.serving.inference.saliency import MIN_SIDE, NoFeatureMap, Saliency, seen_part

CPU = torch.device("cpu")


def checkpoint(arch, size, test_flip=False):
    torch.manual_seed(0)
    model = create_model(arch, 6).eval()
    return Checkpoint(model, arch, tuple("abcdef"), Preprocessing.for_image_size(size), test_flip, {})


def square_of(given, seed=0):
    side = given.preprocessing.square_size
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


class Colours(nn.Module):
    """Its two classes are red and blue: how much of either there is, in sixteen parts of the picture."""

    def __init__(self):
        super().__init__()
        self.parts = nn.AvgPool2d(16)

    def forward(self, inputs):
        return self.parts(inputs)[:, [0, 2]].mean((2, 3))


def colours(test_flip=False):
    preprocessing = Preprocessing(64, 64, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    return Checkpoint(Colours().eval(), "colours", ("red", "blue"), preprocessing, test_flip, {})


def test_the_part_with_the_class_is_the_one_that_speaks_for_it():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[16:32, 32:48] = (255, 0, 0)
    picture[48:, :16] = (0, 0, 255)
    saliency = Saliency(colours(), CPU)
    red, blue = saliency(picture, 0), saliency(picture, 1)
    assert red.shape == (4, 4) and red[1, 2] == 1 and red.sum() == 1
    assert blue[3, 0] == 1 and blue.sum() == 1


def test_a_map_is_empty_where_nothing_speaks_for_the_class():
    assert not Saliency(colours(), CPU)(np.zeros((64, 64, 3), np.uint8), 0).any()


@pytest.mark.parametrize(
    ("arch", "size"),
    [
        ("resnet18", 64),
        ("vgg11", 64),
        ("densenet121", 64),
        ("mobilenet_v3_small", 64),
        ("efficientnet_b0", 64),
        ("convnext_tiny", 64),
        ("googlenet", 64),
        ("swin_t", 64),
        ("vit_b_32", 224),
        ("timm/tf_efficientnet_lite0", 64),
        ("timm/vit_tiny_patch16_224", 224),
        ("timm/swin_tiny_patch4_window7_224", 224),
        ("timm/mixer_s32_224", 224),
    ],
)
def test_every_family_has_a_map(arch, size):
    given = checkpoint(arch, size)
    saliency = Saliency(given, CPU)
    found = [saliency(square_of(given), index) for index in range(4)]
    for one in found:
        assert one.ndim == 2 and one.shape[0] == one.shape[1] >= MIN_SIDE
        assert one.dtype == np.float32 and one.min() >= 0 and one.max() in (0, 1)
    # Of random weights some classes have nothing for them.
    spoken_for = [index for index, one in enumerate(found) if one.any()]
    assert spoken_for
    other = saliency(square_of(given, seed=1), spoken_for[0])
    assert not np.array_equal(found[spoken_for[0]], other), "the map does not depend on the picture"


def test_of_an_averaged_map_it_is_grad_cam():
    """https://arxiv.org/abs/1610.02391, equations 1 and 2."""
    given = checkpoint("resnet18", 160)
    square, held = square_of(given), []
    given.model.layer4.register_forward_hook(lambda module, arguments, output: held.append(output))
    pixels = torch.from_numpy(square)[None].permute(0, 3, 1, 2)
    logits = given.model(given.preprocessing.normalise(given.preprocessing.centre(pixels)))
    [gradient] = torch.autograd.grad(logits[0, 2], held)
    wanted = (gradient.mean((2, 3), keepdim=True) * held[0]).sum(1)[0].clamp(min=0).detach()
    assert torch.allclose(
        torch.from_numpy(Saliency(checkpoint("resnet18", 160), CPU)(square, 2)), wanted / wanted.max(), atol=1e-4
    )


def resnet(test_flip):
    """Of the whole square: the middle of one with an odd margin is not that of its mirror image."""
    return replace(checkpoint("resnet18", 128, test_flip), preprocessing=Preprocessing(128, 128))


@pytest.mark.parametrize("make", [colours, resnet])
def test_the_map_of_a_model_that_sees_the_mirror_image_too_is_of_both(make):
    square = square_of(make(True))
    once, both = Saliency(make(False), CPU), Saliency(make(True), CPU)
    mirrored = np.ascontiguousarray(square[:, ::-1])
    assert np.allclose(both(square, 0), both(mirrored, 0)[:, ::-1], atol=1e-4)
    assert make is colours or not np.allclose(once(square, 0), both(square, 0), atol=1e-3)


def test_it_can_be_asked_for_where_nothing_is_differentiated():
    given = checkpoint("resnet18", 64)
    wanted = Saliency(given, CPU)(square_of(given), 1)
    with torch.inference_mode():
        assert np.array_equal(Saliency(given, CPU)(square_of(given), 1), wanted)


def test_the_checkpoint_stays_as_it_is_and_its_tensors_are_shared():
    given = checkpoint("resnet18", 64)
    before = {name: tensor.clone() for name, tensor in given.model.state_dict().items()}
    saliency = Saliency(given, CPU)
    saliency(square_of(given), 1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in given.model.state_dict().items())
    assert all(one.requires_grad and one.grad is None for one in given.model.parameters())
    assert not any(module._forward_hooks for module in given.model.modules())
    assert {one.data_ptr() for one in saliency._network.parameters()} == {
        one.data_ptr() for one in given.model.parameters()
    }


def test_a_network_without_a_map_is_refused_by_its_name():
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(3, 2)

        def forward(self, inputs):
            return self.head(inputs.mean((2, 3)))

    given = Checkpoint(Flat().eval(), "flat", ("a", "b"), Preprocessing.for_image_size(64), False, {})
    with pytest.raises(NoFeatureMap, match="and a flat for pictures of 64 pixels has none"):
        Saliency(given, CPU)


@pytest.mark.parametrize(
    ("width", "height", "box"),
    [
        (256, 256, (0.0625, 0.0625, 0.9375, 0.9375)),
        (512, 256, (0.28125, 0.0625, 0.71875, 0.9375)),
        (256, 512, (0.0625, 0.28125, 0.9375, 0.71875)),
    ],
)
def test_the_part_that_is_seen_is_the_centre_of_the_centred_square(width, height, box):
    assert seen_part(Preprocessing.for_image_size(224), width, height) == pytest.approx(box)
