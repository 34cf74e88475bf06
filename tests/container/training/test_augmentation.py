"""Augmentation: each picture of a batch varies on its own, and the same seed varies it the same way."""

import torch

from container.augmentation import augment, mix


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_one_picture_in_a_batch_varies_from_copy_to_copy():
    picture = torch.randint(0, 256, (1, 3, 40, 40), dtype=torch.uint8, generator=seeded())
    views = augment(picture.repeat(8, 1, 1, 1), 32, 0.3, seeded())
    assert views.shape == (8, 3, 32, 32) and views.dtype == torch.float32
    assert 0 <= views.min() and views.max() <= 255
    assert all(not torch.allclose(views[0], other) for other in views[1:])


def test_the_same_seed_gives_the_same_views():
    pictures = torch.randint(0, 256, (4, 3, 40, 40), dtype=torch.uint8, generator=seeded())
    assert torch.equal(augment(pictures, 32, 0.3, seeded(5)), augment(pictures, 32, 0.3, seeded(5)))


def test_about_half_of_the_views_are_mirrored():
    left = torch.zeros(400, 3, 40, 40, dtype=torch.uint8)
    left[..., :20] = 255
    views = augment(left, 32, 1.0, seeded()).mean(1)
    mirrored = (views[:, :, 16:].mean((1, 2)) > views[:, :, :16].mean((1, 2))).float().mean()
    assert 0.4 < mirrored < 0.6


def test_a_large_smallest_crop_keeps_the_picture_whole():
    """A frame around the picture stays visible at min_crop 1 and is often cut off at 0.2."""
    framed = torch.zeros(200, 3, 40, 40, dtype=torch.uint8)
    framed[:, :, 3:-3, 3:-3] = 200
    def share_of_frame(min_crop):
        return (augment(framed, 32, min_crop, seeded()).mean(1) < 20).float().mean()
    assert share_of_frame(1.0) > 2 * share_of_frame(0.2)


def test_mixup_blends_pictures_and_targets_alike():
    pixels = torch.tensor([0.0, 100.0]).view(2, 1, 1, 1).expand(2, 3, 4, 4)
    targets = torch.eye(2)
    for seed in range(20):
        mixed, blended = mix(pixels, targets, 0.4, seeded(seed))
        assert torch.allclose(mixed[:, 0, 0, 0] / 100, blended[:, 1], atol=1e-5)
        assert torch.allclose(blended.sum(1), torch.ones(2))
