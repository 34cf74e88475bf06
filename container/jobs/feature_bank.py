"""The feature bank: what a frozen backbone makes of every picture, computed once and read by every epoch of every
trial.

A folder of plain files, so that a channel can carry it and it can be memory-mapped:

    bank.json             what the features were made from; written last: a folder without it is no bank
    backbone.safetensors  the backbone's weights, so that a trial writes an ordinary model file
    <split>.npy           float16 [n, views, d]; one view, the endpoint's own, for valid and test
    <split>_labels.npy    int64 [n]; -1 for a picture that could not be read, or is left out of train as it is elsewhere

Half precision keeps 11 bits of a feature, far below what augmentation varies; the loss is computed in float32.
Nothing here needs torchvision: a trial on a bank starts without it.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from container.data.class_folders import read_split, split_of_train
from container.data.picture_digest import digest_of_split
from container.model.local_weights import find_weights_file
from container.runtime.failure import TrainingFailure
from contract.atomic_write import write_atomically
from contract.feature_sharing import deciding
from contract.hyperparameters import Hyperparameters

MANIFEST = "bank.json"
BACKBONE = "backbone.safetensors"
FORMAT = "features-1"
PASS = "container.jobs.feature_pass"
# Of what the feature pass imports, these packages and itself decide the features: a picture's way through views and
# network.
DECIDING = ("container.data", "container.model", "container.pictures", PASS)
_IMPORT = re.compile(r"^ *from (container[.\w]+) import (\w+)", re.MULTILINE)


def deciding_modules(root: Path) -> dict[str, bytes]:
    """The source of every module that decides a picture's features, by name: the feature pass, and what it imports,
    directly or not.
    """
    found: dict[str, bytes] = {}
    waiting = [PASS]
    while waiting:
        name = waiting.pop()
        file = root / (name.replace(".", "/") + ".py")
        if name in found or not name.startswith(DECIDING) or not file.is_file():
            continue
        found[name] = file.read_bytes()
        for package, member in _IMPORT.findall(found[name].decode()):
            waiting += [package, f"{package}.{member}"]
    return found


def code_digest(root: Path = Path(__file__).parents[2]) -> str:
    """SHA-256 of the code that decides the features. A change to it, even of a comment, makes every earlier bank a
    stale one.
    """
    return hashlib.sha256(b"\0".join(source for _, source in sorted(deciding_modules(root).items()))).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Manifest:
    """What a bank was made from. data: SHA-256 by split. weights: SHA-256 of the weights file, "" when there was none.

    backbone: SHA-256 of BACKBONE, wherever its weights are from. seed: what random weights were drawn with. sizes:
    bytes by file. unreadable: pictures left out, by split. repeated: those left out of train as they are elsewhere."""

    code: str
    arch: str
    head_name: str
    in_features: int
    pretrained: str
    weights: str
    weights_origin: str
    backbone: str
    seed: int
    preprocessing: dict[str, Any]
    views: int
    min_crop: float
    classes: tuple[str, ...]
    data: dict[str, str]
    unreadable: dict[str, int]
    repeated: int
    sizes: dict[str, int]
    format: str = FORMAT

    @property
    def key(self) -> str:
        """12 hex digits that stand for everything which decides the features."""
        deciding = {
            name: value
            for name, value in asdict(self).items()
            if name not in ("sizes", "seed", "weights", "weights_origin", "unreadable", "repeated")
        }
        return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:12]

    def write(self, folder: Path) -> None:
        write_atomically(folder / MANIFEST, json.dumps(asdict(self), indent=2))


class BankedExamples:
    """The features of a split as `Examples`: float32 [b, d]. In epoch e picture i shows its view (e - 1 + i) mod
    views. rows: int64 [n], which pictures of the split these are.
    """

    def __init__(self, features: np.ndarray, labels: np.ndarray):
        """features: float16 [n, views, d], as a rule memory-mapped. labels: int64 [n], -1 where there are no
        features.
        """
        self._features = features
        self.rows = np.flatnonzero(labels >= 0)
        self.labels = torch.from_numpy(labels[self.rows])

    def training_inputs(
        self,
        rows: torch.Tensor,
        epoch: int,
        random: torch.Generator,
        device: torch.device,
        part: tuple[int, int] | None = None,
    ) -> torch.Tensor:
        rows = rows[slice(*part)] if part else rows
        pictures = self.rows[rows.numpy()]
        views = (epoch - 1 + rows.numpy()) % self._features.shape[1]
        return _float(self._features[pictures, views], device)

    def evaluation_inputs(self, start: int, stop: int, device: torch.device) -> torch.Tensor:
        return _float(self._features[self.rows[start:stop], 0], device)


def _float(features: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(features).to(device, non_blocking=True).float()


class FeatureBank:
    """A bank on disk, opened. Raises TrainingFailure when `folder` holds none, or an unfinished or torn one."""

    def __init__(self, folder: Path):
        self._folder = folder
        try:
            written = json.loads((folder / MANIFEST).read_text())
            self.manifest = Manifest(**{**written, "classes": tuple(written["classes"])})
        except FileNotFoundError:
            raise TrainingFailure(
                f"There is no {MANIFEST} in {folder}: this is no feature bank, or an unfinished one. Make one with "
                "features-only=true."
            ) from None
        except (ValueError, TypeError, KeyError) as error:
            raise TrainingFailure(
                f"{MANIFEST} of the feature bank in {folder} is torn, or another version's. Make the bank anew with "
                "features-only=true."
            ) from error
        if self.manifest.format != FORMAT:
            raise TrainingFailure(
                f"The feature bank in {folder} is not in the format {FORMAT}. Make a new one with features-only=true."
            )
        for name, size in self.manifest.sizes.items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != size:
                raise TrainingFailure(
                    f"{name} of the feature bank in {folder} is missing or torn. Make the bank anew with "
                    "features-only=true."
                )

    def check(
        self, hyperparameters: Hyperparameters, pretrained_channel: Path | None, picture_channels: dict[str, Path]
    ) -> None:
        """Raise TrainingFailure for the first thing that this job asks for and the bank was not made from.

        What the job does not bring is the bank's: without a channel `pretrained` its weights, whatever is in this
        image, and without picture_channels, by split, its pictures."""
        made = self.manifest
        if not hyperparameters.trains_on_features:
            raise TrainingFailure(
                "Channel features is for jobs with freeze-backbone=true, feature-views above 0 and without what needs "
                "pixels: mixup, cutmix, "
                "trivial-augment, test-flip. Set them so, or leave the channel out."
            )
        if made.code != code_digest():
            raise _stale("was made by another version of this program")
        of_bank = {
            "arch": made.arch,
            "pretrained": made.pretrained,
            "image-size": made.preprocessing["image_size"],
            "min-crop": made.min_crop,
            "feature-views": made.views,
            "seed": made.seed,
        }
        for name in deciding(hyperparameters.pretrained):
            asked = getattr(hyperparameters, name.replace("-", "_"))
            if of_bank[name] != asked:
                raise _stale(f"was made with {name}={of_bank[name]}, and this job has {asked}")
        if pretrained_channel and hyperparameters.pretrained == "auto":
            found = find_weights_file(pretrained_channel)
            if found and file_digest(found[0]) != made.weights:
                raise _stale(f"was made from {made.weights_origin}, and this job has {found[1]}, whose content differs")
        splits = {
            name: read_split(channel, name, None if name == "train" else made.classes)
            for name, channel in picture_channels.items()
        }
        if list(splits) == ["train"] and digest_of_split(splits["train"]) != made.data["train"]:
            splits = split_of_train(splits["train"])
        for name, split in splits.items():
            if name not in made.data or digest_of_split(split) != made.data[name]:
                raise _stale(f"was made from other pictures than those in channel {name}")

    @cached_property
    def backbone(self) -> dict[str, torch.Tensor]:
        """The backbone's tensors by their names in the whole model."""
        with self._torn_named(BACKBONE):
            return safetensors.torch.load_file(self._folder / BACKBONE)

    def examples(self, split: str) -> BankedExamples | None:
        """The features of `train`, `valid` or `test`; None for a split that the bank was made without."""
        if split not in self.manifest.data:
            return None
        with self._torn_named(f"{split}.npy or {split}_labels.npy"):
            features = np.load(self._folder / f"{split}.npy", mmap_mode="r", allow_pickle=False)
            return BankedExamples(features, np.load(self._folder / f"{split}_labels.npy", allow_pickle=False))

    @contextmanager
    def _torn_named(self, name: str) -> Iterator[None]:
        """Around the reading of a file: NumPy's and safetensors' errors do not name it."""
        try:
            yield
        except (ValueError, safetensors.SafetensorError) as error:
            raise TrainingFailure(
                f"{name} of the feature bank in {self._folder} is torn ({error}). Make the bank anew with "
                "features-only=true."
            ) from error


def _stale(why: str) -> TrainingFailure:
    return TrainingFailure(
        f"The feature bank in channel features {why}. Make a new bank with features-only=true, or leave the channel "
        "out."
    )
