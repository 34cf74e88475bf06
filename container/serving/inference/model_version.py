"""Which model answers, in a response header: a digest of what is in the model's folder."""

import hashlib
from pathlib import Path

ENDS = 1024 * 1024  # bytes that are read at both ends of a file; reading gigabytes would delay the start
DIGITS = 12


def model_version(folder: Path) -> str:
    """Twelve hexadecimal digits of SHA-256 over every file's path, size, first and last megabyte.

    The train image's model file begins with its description and ends with weights, so two trainings differ in both.
    """
    digest = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder)} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(ENDS))
            file.seek(max(0, size - ENDS))
            digest.update(file.read(ENDS))
    return digest.hexdigest()[:DIGITS]
