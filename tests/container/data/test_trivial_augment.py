"""TrivialAugment: every transformation takes a picture and gives a picture; the generator alone decides which."""

import pytest
import torch

from container.data.trivial_augment import TRANSFORMATIONS, trivial_augment

PICTURE = torch.randint(0, 256, (3, 40, 40), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", TRANSFORMATIONS)
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("sign", [-1, 1])
def test_each_transformation_gives_a_picture_at_every_strength(name, strength, sign):
    before = PICTURE.clone()
    changed = TRANSFORMATIONS[name](PICTURE, strength, sign)
    assert changed.shape == PICTURE.shape and changed.dtype == torch.uint8
    assert torch.equal(PICTURE, before)
    if strength == 0.5 and name not in ("identity", "autocontrast", "equalize"):
        assert not torch.equal(changed, PICTURE)


def test_the_same_generator_gives_the_same_and_others_give_others():
    views = [trivial_augment(PICTURE, torch.Generator().manual_seed(seed)) for seed in [*range(60), *range(60)]]
    assert all(torch.equal(one, again) for one, again in zip(views[:60], views[60:], strict=True))
    assert len({tuple(view.flatten().tolist()) for view in views}) > 30
