"""Which file holds the pretrained weights: that of the `pretrained` channel, or that in the image."""

from pathlib import Path

from container.runtime.failure import TrainingFailure

BAKED_IN = Path("/opt/weights")  # filled by `make build WEIGHTS=path`
SUFFIXES = (".pth", ".pt", ".safetensors", ".tar.gz")  # the last: a model.tar.gz of an earlier training


def find_weights_file(channel: Path | None, baked_in: Path = BAKED_IN) -> tuple[Path, str] | None:
    """The file, and what it is called in the log; None when neither place has one and torchvision has to download.

    channel: folder of the `pretrained` channel, None without one. Raises TrainingFailure when a place has several
    files, or the channel none."""
    for folder, meaning in ((channel, "channel pretrained"), (baked_in, "the image")):
        files = _weight_files(folder)
        if len(files) > 1:
            names = ", ".join(file.name for file in files)
            raise TrainingFailure(f"There are {len(files)} weights files in {meaning} ({names}). Leave one.")
        if files:
            return files[0], f"{files[0].name} from {meaning}"
        if folder is channel and channel is not None:
            raise TrainingFailure(
                f"Channel pretrained has no weights file ({', '.join(SUFFIXES)}) in {channel}. Add one."
            )
    return None


def _weight_files(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.name.endswith(SUFFIXES) and path.is_file())
