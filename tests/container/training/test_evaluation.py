"""The figures of a split."""

import pytest
import torch

from container.data.batches import shuffled_batches
from container.model.network import create_model
from container.training.evaluation import Evaluation, evaluation_report, logits_of, wilson_interval


def test_top1_top5_and_the_confusion_matrix_count_what_they_say():
    probabilities = torch.tensor([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7], [0.2, 0.7, 0.1]])
    report = evaluation_report(Evaluation(0.5, probabilities.log(), torch.tensor([0, 1, 2, 2])), ("a", "b", "c"))
    assert report["n"] == 4 and report["top1"] == 0.5 and report["top5"] == 1.0
    assert report["confusion_matrix"] == [[1, 0, 0], [1, 0, 0], [0, 1, 1]]
    assert sum(map(sum, report["confusion_matrix"])) == report["n"]


# Newcombe 1998, table I (doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E), method 3.
@pytest.mark.parametrize(
    ("correct", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(correct, count, low, high):
    assert wilson_interval(correct, count) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("count", "batch_size", "sizes"), [(10, 4, [4, 4]), (3, 4, [3]), (4, 4, [4])])
def test_batches_are_full_unless_the_data_set_is_smaller(count, batch_size, sizes):
    batches = shuffled_batches(count, batch_size, torch.Generator().manual_seed(0))
    assert [len(batch) for batch in batches] == sizes
    assert len(set(torch.cat(batches).tolist())) == sum(sizes)


def test_with_test_flip_a_picture_and_its_mirror_image_get_the_same_answer():
    torch.manual_seed(0)
    model = create_model("resnet18", 3).eval()
    pictures = torch.randn(4, 3, 32, 32)
    with torch.inference_mode():
        straight, mirrored, both = model(pictures), model(pictures.flip(-1)), logits_of(model, pictures, True)
        assert torch.equal(logits_of(model, pictures, False), straight) and not torch.allclose(straight, mirrored)
        assert torch.allclose(both, (straight + mirrored) / 2) and torch.allclose(
            both, logits_of(model, pictures.flip(-1), True), atol=1e-6
        )
