"""Files that are replaced atomically."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, mode: int | None = None) -> Iterator[Path]:
    """Write the yielded file; it takes the place of `path` when the block ends without an exception, else nothing
    changes.

    mode: permissions of a file that nobody else may read even while it is written, such as 0o600; None: as the process
    makes files. Raises OSError. The unfinished file is beside `path`, hidden, and is removed when the block fails."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    if mode is not None:
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        yield unfinished
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, text: str, mode: int | None = None) -> None:
    """mode: as for `replacing`. Raises OSError."""
    with replacing(path, mode) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
