"""mixup and CutMix blend pictures and targets alike."""

import pytest
import torch

from container.data.mixing import mix

BLACK_AND_WHITE = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 40, 60)
TARGETS = torch.eye(2)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.4, 0), (0, 1.0), (0.4, 1.0)])
def test_a_target_has_the_share_of_white_that_its_picture_has(mixup, cutmix):
    blended = 0
    for seed in range(40):
        inputs, targets = mix(BLACK_AND_WHITE, TARGETS, mixup, cutmix, seeded(seed))
        assert torch.allclose(inputs.mean((1, 2, 3)), targets[:, 1], atol=1e-5)
        assert torch.allclose(targets.sum(1), torch.ones(2))
        blended += not torch.equal(targets, TARGETS)
    assert blended > 5


def test_cutmix_pastes_and_mixup_fades():
    for seed in range(20):
        pasted, _ = mix(BLACK_AND_WHITE, TARGETS, 0, 1.0, seeded(seed))
        assert set(pasted.unique().tolist()) <= {0.0, 1.0}
    faded = {
        round(value, 3)
        for seed in range(20)
        for value in mix(BLACK_AND_WHITE, TARGETS, 1.0, 0, seeded(seed))[0].unique().tolist()
    }
    assert len(faded) > 10


def test_with_both_a_step_takes_one_of_them():
    pictures = torch.rand(4, 3, 16, 16, generator=seeded(1))
    values = set(pictures.unique().tolist())
    pasted = [
        set(mix(pictures, torch.eye(4), 1.0, 1.0, seeded(seed))[0].unique().tolist()) <= values for seed in range(40)
    ]
    assert 5 < sum(pasted) < 35


def test_a_tiny_alpha_leaves_nearly_every_picture_as_it_is():
    targets = [
        mix(BLACK_AND_WHITE, TARGETS, 0.001, 0, seeded(seed))[1].max(1).values.min().item() for seed in range(40)
    ]
    assert sum(share > 0.99 for share in targets) > 35


def test_off_leaves_everything_as_it_is():
    inputs, targets = mix(BLACK_AND_WHITE, TARGETS, 0, 0, seeded())
    assert inputs is BLACK_AND_WHITE and targets is TARGETS
