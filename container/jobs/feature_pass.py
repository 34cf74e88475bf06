"""One pass of a frozen backbone over all pictures: makes a feature bank.

On a CPU, single-threaded networks side by side on small batches beat one network on all cores by a fifth: every layer's
output stays in the cache, and no core waits for another at the end of each layer.
"""

import os
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import nn

from container.data.augmentation import cut, draw_variations, recolour
from container.data.class_folders import Split
from container.data.picture_digest import combined, digest
from container.data.picture_store import check_unreadable, read_square
from container.data.repeated_pictures import find_repeated
from container.jobs.feature_bank import BACKBONE, MANIFEST, Manifest, code_digest, file_digest
from container.jobs.run import Run
from container.model.model_file import write_tensors
from container.model.network import preprocessing_of, remove_head
from container.pictures.preprocessing import Preprocessing, UnreadablePicture
from container.runtime.failure import TrainingFailure
from container.training.trainer import SECONDS_BETWEEN_PROGRESS_LINES

CHUNK = 16  # pictures that a worker takes at once; it decides the random views, too
HALF_MAX = float(np.finfo(np.float16).max)


def make_bank(
    run: Run, folder: Path, splits: dict[str, Split], model: nn.Module, weights_origin: str = "", weights: str = ""
) -> bool:
    """Write the bank of `splits` to `folder`. False, and no bank, when a stop was requested before its end.

    model: as `create_model` made it, with its final weights; it loses its head. weights_origin: where they came from,
    and weights: SHA-256 of their file, both empty for random ones. Raises TrainingFailure for too many unreadable
    pictures, a disk that is too small, and features that half precision cannot hold."""
    hyperparameters = run.hyperparameters
    preprocessing = preprocessing_of(hyperparameters.arch, hyperparameters.image_size)
    head_name = model.head_name
    in_features = remove_head(model)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)  # until the end this is no bank, also where one was before
    files = [BACKBONE, *(f"{name}{end}" for name in splits for end in (".npy", "_labels.npy"))]
    backbone = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    write_tensors(backbone, folder / BACKBONE)
    model.requires_grad_(False).eval().to(run.device.torch_device, memory_format=torch.channels_last)
    _check_room(folder, splits, hyperparameters.feature_views, in_features)
    data, digests, unreadable = {}, {}, {}
    for name, split in splits.items():
        views = hyperparameters.feature_views if name == "train" else 1
        features = np.lib.format.open_memmap(
            folder / f"{name}.npy", "w+", np.float16, (len(split.paths), views, in_features)
        )
        one_pass = _Pass(run, split, features, model, preprocessing)
        if not one_pass.finish():
            return False
        check_unreadable(split, one_pass.unreadable)
        features.flush()
        data[name] = combined(split, one_pass.digests)
        digests[name], unreadable[name] = one_pass.digests, one_pass.unreadable
    repeated = find_repeated(splits, digests, unreadable)
    for warning in repeated.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    for name, split in splits.items():
        labels = np.array(split.labels, dtype=np.int64)
        labels[[*unreadable[name], *(repeated.left_out if name == "train" else ())]] = -1
        np.save(folder / f"{name}_labels.npy", labels)
    Manifest(
        code=code_digest(),
        arch=hyperparameters.arch,
        head_name=head_name,
        in_features=in_features,
        pretrained=hyperparameters.pretrained,
        weights=weights,
        weights_origin=weights_origin,
        backbone=file_digest(folder / BACKBONE),
        seed=hyperparameters.seed,
        preprocessing=preprocessing.to_dict(),
        views=hyperparameters.feature_views,
        min_crop=hyperparameters.min_crop,
        classes=splits["train"].classes,
        data=data,
        unreadable={name: len(rows) for name, rows in unreadable.items()},
        repeated=len(repeated.left_out),
        sizes={name: (folder / name).stat().st_size for name in files},
    ).write(folder)
    return True


def view(
    squares: torch.Tensor, chunk: int, number: int, preprocessing: Preprocessing, min_crop: float, device: torch.device
) -> torch.Tensor:
    """View `number` (from 0) of the pictures of a chunk: a crop and colours of its own.

    Every other view of a picture is mirrored; chance decides whether the first one is, so that any one view has both
    kinds. uint8 [b, 3, s, s], on the CPU, channels last in memory -> float32 [b, 3, image_size, image_size] on
    `device`, normalised. The same call gives the same view."""
    first_is_mirrored = torch.rand(len(squares), generator=torch.Generator().manual_seed(chunk * 4096 + 4095)) < 0.5
    random = torch.Generator().manual_seed(chunk * 4096 + number)
    mirrored = first_is_mirrored ^ (number % 2 == 1)
    variations = draw_variations(len(squares), preprocessing.square_size, min_crop, random, mirrored)
    size = preprocessing.image_size
    pixels = torch.empty((len(squares), 3, size, size), dtype=torch.uint8, memory_format=torch.channels_last)
    cut(squares.split(1), variations, pixels)
    return recolour(pixels.to(device), variations.colours, preprocessing).contiguous(memory_format=torch.channels_last)


class _Pass:
    """One split on its way through the backbone, in threads that each take a chunk of pictures from file to
    features.
    """

    def __init__(self, run: Run, split: Split, features: np.ndarray, model: nn.Module, preprocessing: Preprocessing):
        """features: float16 [len(split.paths), views, d], to be filled."""
        self.unreadable: dict[int, str] = {}
        self.digests: list[bytes] = [b""] * len(split.paths)
        self._split, self._features, self._model = split, features, model
        self._run, self._preprocessing = run, preprocessing
        # A GPU has one stream for all threads: two keep it busy, and each more only takes memory. The others decode
        # meanwhile.
        self._at_once = threading.Semaphore(2 if run.device.torch_device.type == "cuda" else 2**31)
        self._done = 0
        self._last_line = time.monotonic()
        self._lock = threading.Lock()

    def finish(self) -> bool:
        """Take every chunk. False when a stop was requested before the end."""
        threads = torch.get_num_threads()
        workers = self._run.hyperparameters.workers or len(os.sched_getaffinity(0))
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            # map() raises here what a thread raised
            finished = all(pool.map(self._take, range(-(-len(self.digests) // CHUNK))))
        torch.set_num_threads(threads)
        return finished

    def _take(self, chunk: int) -> bool:
        """Fill the features of a chunk. False when a stop was requested before its end."""
        start, stop = chunk * CHUNK, min((chunk + 1) * CHUNK, len(self.digests))
        side = self._preprocessing.square_size
        squares = np.zeros((stop - start, side, side, 3), dtype=np.uint8)
        for row in range(start, stop):
            if self._run.stop_requested():
                return False
            self._decode(row, squares[row - start])
        with self._at_once, torch.inference_mode():
            pixels = torch.from_numpy(squares).permute(0, 3, 1, 2)
            for number in range(self._features.shape[1]):
                if (
                    self._run.stop_requested()
                ):  # 64 views of a large network may take longer than a job has after SIGTERM
                    return False
                self._features[start:stop, number] = self._features_of(pixels, chunk, number)
        self._tell(stop - start)
        return True

    def _features_of(self, pixels: torch.Tensor, chunk: int, number: int) -> np.ndarray:
        device = self._run.device
        if self._split.name == "train":
            min_crop = self._run.hyperparameters.min_crop
            inputs = view(pixels, chunk, number, self._preprocessing, min_crop, device.torch_device)
        else:
            inputs = self._preprocessing.normalise(self._preprocessing.centre(pixels).to(device.torch_device))
        with device.autocast():
            features = self._model(inputs).float()
        if not bool((features.abs() <= HALF_MAX).all()):
            raise TrainingFailure(
                f"The features of this {self._run.hyperparameters.arch} are too large for half precision, or no "
                "numbers. Set feature-views=0, which trains without a feature bank; with it, leave out features-only."
            )
        return features.cpu().numpy()

    def _decode(self, row: int, square: np.ndarray) -> None:
        content, decoded = read_square(self._split.paths[row], self._preprocessing)
        if isinstance(decoded, UnreadablePicture):
            self.unreadable[row] = str(decoded)
        else:
            square[:] = decoded
        self.digests[row] = digest(content)

    def _tell(self, pictures: int) -> None:
        with self._lock:
            self._done += pictures
            if time.monotonic() - self._last_line > SECONDS_BETWEEN_PROGRESS_LINES:
                self._last_line = time.monotonic()
                print(
                    f"features: {self._done} of {len(self.digests)} pictures of channel {self._split.name}",
                    file=sys.stderr,
                )


def _check_room(folder: Path, splits: dict[str, Split], views: int, in_features: int) -> None:
    rows = sum(len(split.paths) * (views if name == "train" else 1) for name, split in splits.items())
    needed, free = rows * in_features * 2, shutil.disk_usage(folder).free
    if needed > free:
        raise TrainingFailure(
            f"The feature bank needs {needed / 1e9:.1f} GB of disk and {folder} has {free / 1e9:.1f} GB. Give the job "
            "a larger volume or a smaller feature-views."
        )
