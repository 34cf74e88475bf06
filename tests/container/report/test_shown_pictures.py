"""Which pictures a report shows, and that they are what the model saw."""

import base64
import io
import os

import numpy as np
import pytest
import torch
from PIL import Image

from container.pictures.preprocessing import Preprocessing
from container.report.confusion_chart import confused_pairs
from container.report.shown_pictures import (
    best_predictions,
    most_confused,
    shown_pictures,
    thumbnail,
    worst_predictions,
)

PROBABILITIES = torch.tensor(
    [
        [0.9, 0.05, 0.05],  # right
        [0.3, 0.6, 0.1],  # wrong, 0.3 for the right class
        [0.1, 0.1, 0.8],  # wrong, 0.1
        [0.2, 0.7, 0.1],  # right
        [0.0, 0.95, 0.05],  # wrong, 0.05
        [0.2, 0.5, 0.3],  # wrong, 0.2: with the second one a pair
    ]
)
LABELS = torch.tensor([0, 0, 1, 1, 2, 0])
PREPROCESSING = Preprocessing.for_image_size(224)


def decoded(jpeg: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(jpeg)))


@pytest.fixture
def paths(tmp_path):
    """Six files; the colour of the first says that it is the first."""
    files = [tmp_path / f"00{label + 1}.class" / f"{place}.jpg" for place, label in enumerate(LABELS.tolist())]
    for place, file in enumerate(files):
        file.parent.mkdir(exist_ok=True)
        Image.new("RGB", (300, 260), (200, 30, 30) if place == 0 else (30, 30, 200)).save(file)
    return files


def test_the_best_are_right_and_the_surest_comes_first():
    assert best_predictions(PROBABILITIES, LABELS) == [0, 3]
    assert best_predictions(PROBABILITIES, LABELS, most=1) == [0]


def test_the_worst_are_wrong_and_the_surest_comes_first():
    assert worst_predictions(PROBABILITIES, LABELS) == [4, 2, 1, 5]
    assert worst_predictions(PROBABILITIES, LABELS, most=1) == [4]


def test_the_pair_that_is_confused_most_comes_first_with_its_surest_mistakes():
    pairs = most_confused(PROBABILITIES, LABELS)
    assert (pairs[0].truth, pairs[0].said, pairs[0].count, pairs[0].positions) == (0, 1, 2, [1, 5])
    assert [(pair.truth, pair.said) for pair in pairs[1:]] == [(1, 2), (2, 1)]


def test_a_pairs_count_is_of_all_its_pictures_not_of_those_that_are_shown():
    [first, *_] = most_confused(PROBABILITIES, LABELS, of_a_pair=1)
    assert (first.count, first.positions) == (2, [1])


def test_right_answers_are_no_confusion():
    assert confused_pairs([[5, 0], [2, 7]], 10) == [(1, 0, 2)]
    assert confused_pairs([[5, 0], [0, 7]], 10) == []


def test_pictures_come_with_their_classes_and_probabilities(paths):
    found = shown_pictures(PROBABILITIES, LABELS, paths, ("Amber", "Slate", "Fern"), PREPROCESSING)
    first = found.best[0]
    assert (first.file, first.truth, first.said) == ("001.class/0.jpg", "Amber", "Amber")
    assert (first.probability, first.truth_probability) == pytest.approx((0.9, 0.9))
    worst = found.worst[0]
    assert (worst.truth, worst.said, worst.probability, worst.truth_probability) == (
        "Fern",
        "Slate",
        pytest.approx(0.95),
        pytest.approx(0.05),
    )
    assert [len(pair.pictures) for pair in found.confused] == [2, 1, 1]
    assert decoded(first.jpeg).getpixel((80, 80)) == pytest.approx((200, 30, 30), abs=4)
    assert decoded(worst.jpeg).getpixel((80, 80)) == pytest.approx((30, 30, 200), abs=4)


def test_an_unreadable_file_is_left_out(paths):
    paths[0].write_bytes(b"no picture")
    paths[4].unlink()
    found = shown_pictures(PROBABILITIES, LABELS, paths, ("Amber", "Slate", "Fern"), PREPROCESSING)
    assert [one.file for one in found.best] == ["002.class/3.jpg"]
    assert [one.file for one in found.worst] == ["002.class/2.jpg", "001.class/1.jpg", "001.class/5.jpg"]


def test_a_thumbnail_is_the_part_that_the_model_sees(tmp_path):
    """A picture that is wide loses its sides, and of the square its margin."""
    pixels = np.zeros((256, 512, 3), dtype=np.uint8)
    pixels[:, 128:384] = 255  # the square in the middle
    pixels[:12, :] = 0  # its margin: of 256 rows the model sees those from 16 on
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    seen = decoded(thumbnail(tmp_path / "wide.png", PREPROCESSING))
    assert seen.size == (160, 160) and seen.format == "JPEG"
    assert np.asarray(seen).min() > 240


def test_a_small_picture_is_not_made_larger(tmp_path):
    Image.new("RGB", (90, 70), "brown").save(tmp_path / "a.jpg")
    assert decoded(thumbnail(tmp_path / "a.jpg", Preprocessing.for_image_size(64))).size == (64, 64)


def test_a_name_that_is_no_utf_8_can_be_written_down(tmp_path):
    file = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    Image.new("RGB", (40, 40)).save(tmp_path / "a.jpg")
    os.rename(tmp_path / "a.jpg", file)
    [shown] = shown_pictures(torch.tensor([[0.9, 0.1]]), torch.tensor([0]), [file], ("a", "b"), PREPROCESSING).best
    assert shown.file.encode().endswith("caf\ufffd.jpg".encode())
