"""The `docker` command. Only images are touched with it: inspected, tagged, pushed."""

import json
import subprocess
import sys
from typing import Any

from scripts.console.failure import Failure


def docker(*words: str, text: str | None = None) -> str:
    """Run `docker <words>` with `text` on its stdin and return what it printed. Raises Failure with its last line."""
    try:
        done = subprocess.run(["docker", *words], input=text, capture_output=True, text=True)
    except FileNotFoundError:
        raise Failure("There is no docker command here. Install Docker, or run `make engine`.") from None
    if done.returncode:
        raise Failure(f"docker {words[0]} failed: {_last_line(done.stderr)}")
    return done.stdout


def image_facts(image: str) -> dict[str, Any] | None:
    """What `docker image inspect` tells about an image of this machine, None when there is no such image."""
    try:
        return json.loads(docker("image", "inspect", image))[0]
    except Failure as failure:
        if "no such image" in str(failure).lower():
            return None
        raise


def push(image: str) -> None:
    """`docker push`, with its own progress on stderr. Raises Failure when it does not succeed."""
    if subprocess.run(["docker", "push", image], stdout=sys.stderr).returncode:
        raise Failure(
            f"docker push {image} failed; its reason is above. Run it again: layers that arrived are not sent twice."
        )


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it gave no reason"
