"""`python -m local_test.demo.sample_data FOLDER`: draw a data set of invented breeds in the layout of Udacity's
dogImages.zip.

The pictures are the project's own: they need no download and no licence, and the same seed draws the same files.
"""

import argparse
import json
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from local_test.demo.sample_breeds import Breed, invent_breeds
from local_test.demo.sample_pictures import draw_picture

DONE = "sample.json"  # written last: a folder without it was interrupted


@dataclass(frozen=True)
class SampleSize:
    """Pictures of each breed in each split."""

    breeds: int = 5
    train: int = 120
    valid: int = 15
    test: int = 24
    seed: int = 0


def draw_sample_data(folder: Path, size: SampleSize = SampleSize()) -> bool:
    """Draw the data set into `folder`, unless it is there already. Returns whether it was drawn."""
    wanted = json.dumps(asdict(size), indent=2)
    if (folder / DONE).is_file() and (folder / DONE).read_text() == wanted:
        return False
    if folder.exists() and any(folder.iterdir()) and not (folder / DONE).is_file():
        raise FileExistsError(
            f"{folder} holds something that is not a finished sample data set. Remove it or name another folder."
        )
    shutil.rmtree(folder, ignore_errors=True)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    tasks = []
    for number, breed in enumerate(invent_breeds(size.breeds, size.seed), start=1):
        picture = 0
        for split in ("train", "valid", "test"):
            target = unfinished / split / f"{number:03}.{breed.name}"
            target.mkdir(parents=True)
            for _ in range(getattr(size, split)):
                picture += 1
                seed = (size.seed * 1_000 + number) * 1_000_000 + picture
                tasks.append((target / f"{breed.name}_{picture:05}.jpg", breed, seed))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(_draw, tasks, chunksize=16):
            pass  # map() raises here what a process raised
    (unfinished / DONE).write_text(wanted)
    unfinished.rename(folder)
    return True


def _draw(task: tuple[Path, Breed, int]) -> None:
    path, breed, seed = task
    draw_picture(breed, seed).save(path, quality=70 + seed % 25)


def main(arguments: list[str]) -> int:
    default = SampleSize()
    parser = argparse.ArgumentParser(description="Draw a data set of invented dog breeds.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--breeds", type=int, default=default.breeds)
    for split in ("train", "valid", "test"):
        parser.add_argument(f"--{split}", type=int, default=getattr(default, split), help="pictures of each breed")
    parser.add_argument("--seed", type=int, default=default.seed)
    chosen = vars(parser.parse_args(arguments))
    folder = chosen.pop("folder")
    size = SampleSize(**chosen)
    try:
        drawn = draw_sample_data(folder, size)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    count = size.breeds * (size.train + size.valid + size.test)
    print(f"{folder}: {count} pictures of {size.breeds} breeds{'' if drawn else ' (they were there already)'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
