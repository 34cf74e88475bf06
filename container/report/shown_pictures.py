"""The pictures of a report: best and worst predictions, and pictures of the most confused classes."""

import base64
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from container.pictures.preprocessing import Preprocessing, UnreadablePicture, open_picture
from container.report.confusion_chart import confused_pairs
from container.report.record import ConfusedPair, Pictures, Shown

SIDE = 160  # pixels of a thumbnail
QUALITY = 80
BEST, WORST, PAIRS, OF_A_PAIR = 6, 12, 8, 3


@dataclass(frozen=True)
class Pair:
    """Two confused classes: positions of some of `count` pictures of class `truth` that were predicted as `said`."""

    truth: int
    said: int
    count: int
    positions: list[int]


def best_predictions(probabilities: torch.Tensor, labels: torch.Tensor, most: int = BEST) -> list[int]:
    """Positions of right predictions, the highest probability first.

    Args:
        probabilities: float32 [n, classes].
        labels: int64 [n].
        most: of them.
    """
    confidences, named = probabilities.max(1)
    order = confidences.argsort(descending=True, stable=True)
    return order[(named == labels)[order]][:most].tolist()


def worst_predictions(probabilities: torch.Tensor, labels: torch.Tensor, most: int = WORST) -> list[int]:
    """Positions of wrong predictions, the highest probability of the predicted class first.

    Args:
        probabilities: float32 [n, classes].
        labels: int64 [n].
        most: of them.
    """
    confidences, named = probabilities.max(1)
    order = confidences.argsort(descending=True, stable=True)
    return order[(named != labels)[order]][:most].tolist()


def most_confused(
    probabilities: torch.Tensor, labels: torch.Tensor, most: int = PAIRS, of_a_pair: int = OF_A_PAIR
) -> list[Pair]:
    """Pairs of classes, the most confused first, each with its most confident mistakes.

    Args:
        probabilities: float32 [n, classes].
        labels: int64 [n].
        most: pairs.
        of_a_pair: mistakes of each.
    """
    confidences, named = probabilities.max(1)
    classes = probabilities.shape[1]
    matrix = torch.bincount(labels * classes + named, minlength=classes * classes).view(classes, classes).tolist()
    order = confidences.argsort(descending=True, stable=True)
    return [
        Pair(truth, said, count, order[((labels == truth) & (named == said))[order]][:of_a_pair].tolist())
        for truth, said, count in confused_pairs(matrix, most)
    ]


def shown_pictures(
    probabilities: torch.Tensor,
    labels: torch.Tensor,
    paths: Sequence[Path],
    classes: Sequence[str],
    preprocessing: Preprocessing,
) -> Pictures:
    """Choose and read pictures of a split. A file that can no longer be read is left out.

    Args:
        probabilities: float32 [n, classes].
        labels: int64 [n].
        paths: the n files.
        classes: names, by index.
        preprocessing: of the model.
    """
    thumbnails: dict[int, str | None] = {}

    def show(positions: list[int]) -> list[Shown]:
        shown = []
        for position in positions:
            if position not in thumbnails:
                thumbnails[position] = thumbnail(paths[position], preprocessing)
            picture = thumbnails[position]
            if picture is None:
                continue
            said, truth = int(probabilities[position].argmax()), int(labels[position])
            shown.append(
                Shown(
                    _readable(paths[position]),
                    classes[truth],
                    classes[said],
                    float(probabilities[position, said]),
                    float(probabilities[position, truth]),
                    picture,
                )
            )
        return shown

    return Pictures(
        best=show(best_predictions(probabilities, labels)),
        worst=show(worst_predictions(probabilities, labels)),
        confused=[
            ConfusedPair(classes[pair.truth], classes[pair.said], pair.count, show(pair.positions))
            for pair in most_confused(probabilities, labels)
        ],
    )


def thumbnail(path: Path, preprocessing: Preprocessing, side: int = SIDE) -> str | None:
    """The part of a picture that the model sees, as base64 of a JPEG; None when it cannot be read.

    Args:
        path: of the picture.
        preprocessing: of the model.
        side: longest edge, pixels.
    """
    try:
        with open_picture(path) as picture:
            square = torch.from_numpy(preprocessing.to_square(picture))
    except UnreadablePicture:
        return None
    seen = Image.fromarray(preprocessing.centre(square.permute(2, 0, 1)).permute(1, 2, 0).numpy())
    seen.thumbnail((side, side))
    written = io.BytesIO()
    seen.save(written, "JPEG", quality=QUALITY, optimize=True)
    return base64.b64encode(written.getvalue()).decode()


def _readable(path: Path) -> str:
    """Class folder and file name; bytes that are no UTF-8 become question marks."""
    return os.fsencode(f"{path.parent.name}/{path.name}").decode(errors="replace")
