"""The images that `make build` made from this tree."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def built_image(kind: str) -> str:
    """`train` or `serve` -> the name and tag that docker/build.sh gave it."""
    tag = subprocess.run([ROOT / "docker/tag.sh"], check=True, capture_output=True, text=True).stdout.strip()
    return f"{os.environ.get('IMAGE_PREFIX', 'dogbreed')}-{kind}:{tag}"
