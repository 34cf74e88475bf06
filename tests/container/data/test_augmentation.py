"""Augmentation: each picture of a batch varies on its own, and the same seed varies it the same way."""

import pytest
import torch

from container.data.augmentation import Variations, cut, cut_together, draw_variations, recolour
from container.data.class_folders import read_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.pictures.preprocessing import Preprocessing

PREPROCESSING = Preprocessing.for_image_size(32)
SIDE = PREPROCESSING.square_size  # 37


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def bytes_of(count=1):
    return torch.randint(0, 256, (count, 3, SIDE, SIDE), dtype=torch.uint8, generator=seeded())


def crops(squares, variations, size=32):
    pixels = torch.empty((len(squares), 3, size, size), dtype=torch.uint8, memory_format=torch.channels_last)
    cut(squares.split(1), variations, pixels)
    return pixels


def plain(count=1, size=SIDE):
    return Variations(
        torch.tensor([[0, 0, size, size]] * count), torch.zeros(count, dtype=torch.bool), torch.ones(count, 3)
    )


def test_one_picture_in_a_batch_varies_from_copy_to_copy():
    variations = draw_variations(8, SIDE, 0.3, seeded())
    views = recolour(crops(bytes_of().repeat(8, 1, 1, 1), variations), variations.colours, PREPROCESSING)
    assert views.shape == (8, 3, 32, 32) and views.dtype == torch.float32
    assert all(not torch.allclose(views[0], other) for other in views[1:])


def test_the_same_seed_gives_the_same_variations():
    one, same, other = (draw_variations(4, SIDE, 0.3, seeded(seed)) for seed in (5, 5, 6))
    for name in ("boxes", "mirrored", "colours"):
        assert torch.equal(getattr(one, name), getattr(same, name))
    assert not torch.equal(one.boxes, other.boxes)


def test_about_half_of_the_views_are_mirrored():
    assert 0.4 < draw_variations(400, SIDE, 1.0, seeded()).mirrored.float().mean() < 0.6


@pytest.mark.parametrize(("min_crop", "side"), [(1.0, 37), (0.35, 37), (0.05, 37), (0.2, 1024), (0.05, 2)])
def test_a_crop_is_in_the_picture_and_as_large_as_asked(min_crop, side):
    left, top, width, height = draw_variations(3000, side, min_crop, seeded()).boxes.unbind(1)
    assert min(left.min(), top.min()) >= 0 and min(width.min(), height.min()) >= 1
    assert (left + width).max() <= side and (top + height).max() <= side
    shares = (width * height) / side**2
    assert shares.min() > 0.7 * min_crop - 0.05 and (
        side < 10 or (width == height).float().mean() < 0.5 or min_crop == 1.0
    )


def test_a_crop_of_the_whole_picture_at_its_own_size_is_the_picture():
    squares = bytes_of(3)
    assert torch.equal(crops(squares, plain(3), SIDE), squares)


def test_a_mirrored_crop_is_the_mirror_image():
    squares = bytes_of()
    box, colours = torch.tensor([[3, 5, 20, 25]]), torch.ones(1, 3)
    straight, mirrored = (crops(squares, Variations(box, torch.tensor([flag]), colours)) for flag in (False, True))
    assert torch.equal(mirrored, straight.flip(-1)) and not torch.equal(mirrored, straight)


def test_parts_of_a_batch_go_where_they_belong():
    squares, variations = bytes_of(5), draw_variations(5, SIDE, 0.3, seeded())
    pixels = torch.empty((5, 3, 32, 32), dtype=torch.uint8, memory_format=torch.channels_last)
    cut(squares[3:].split(1), variations[3:], pixels[3:])
    cut(squares[:3].split(1), variations[:3], pixels[:3])
    assert torch.equal(pixels, crops(squares, variations))


@pytest.mark.parametrize(("side", "size", "min_crop"), [(37, 32, 0.35), (256, 224, 0.05), (64, 64, 1.0), (40, 8, 0.2)])
def test_crops_cut_together_are_those_cut_one_by_one_to_within_a_step(side, size, min_crop):
    squares = torch.randint(0, 256, (12, 3, side, side), dtype=torch.uint8, generator=seeded()).contiguous(
        memory_format=torch.channels_last
    )
    variations = draw_variations(12, side, min_crop, seeded(1))
    difference = cut_together(squares, variations, size).round() - crops(squares, variations, size).float()
    assert difference.abs().max() <= 1 and abs(difference.mean()) < 0.05  # neither brighter nor darker


@pytest.mark.parametrize("trivial", [False, True])
def test_a_share_of_a_step_is_what_it_is_in_the_whole_step(channels, tmp_path, trivial):
    store = decode_split(read_split(channels / "train", "train"), PREPROCESSING, tmp_path / "store")
    examples, rows, cpu = (
        PictureExamples(store, PREPROCESSING, 0.35, trivial),
        torch.randperm(30, generator=seeded()),
        torch.device("cpu"),
    )
    whole = examples.training_inputs(rows, 1, seeded(7), cpu)
    shares = [examples.training_inputs(rows, 1, seeded(7), cpu, part) for part in ((0, 11), (11, 30))]
    assert torch.allclose(torch.cat(shares), whole, atol=1e-6)
    assert torch.equal(
        PictureExamples(store, PREPROCESSING, 0.35, trivial, 3).training_inputs(rows, 1, seeded(7), cpu), whole
    )


def test_without_varied_colours_the_preprocessing_is_left():
    pixels = bytes_of(4).contiguous(memory_format=torch.channels_last)
    assert torch.allclose(recolour(pixels, torch.ones(4, 3), PREPROCESSING), PREPROCESSING.normalise(pixels), atol=1e-5)


@pytest.mark.parametrize("colours", [(1.2, 1.0, 1.0), (1.0, 0.8, 1.0), (1.0, 1.0, 1.2), (0.9, 1.1, 0.8)])
def test_brightness_contrast_and_saturation_are_what_their_names_say(colours):
    pixels = torch.randint(60, 180, (2, 3, 32, 32), dtype=torch.uint8, generator=seeded()).contiguous(
        memory_format=torch.channels_last
    )
    brightness, contrast, saturation = colours
    expected = pixels.float() * brightness
    grey = expected.mean((1, 2, 3), keepdim=True)
    expected = grey + (expected - grey) * contrast
    own = expected.mean(1, keepdim=True)
    expected = PREPROCESSING.normalise(own + (expected - own) * saturation)
    assert torch.allclose(recolour(pixels, torch.tensor([colours] * 2), PREPROCESSING), expected, atol=1e-4)
