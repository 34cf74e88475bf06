"""The `docker` command. Only images are touched with it: inspected, tagged, pushed."""

import json
import subprocess
import sys
from typing import Any

from scripts.console.failure import Failure

# Part of what Docker says -> what to do. For the rest Docker's own words do.
_STEPS = {
    "Cannot connect to the Docker daemon": "Start Docker Desktop, or the engine: sudo systemctl start docker",
    "permission denied while trying to connect": "Join its group, and log in again: sudo usermod -aG docker $USER",
}


def docker(*words: str, text: str | None = None) -> str:
    """Run `docker <words>` with `text` on its stdin and return what it printed. Raises Failure with its last line."""
    try:
        done = subprocess.run(["docker", *words], input=text, capture_output=True, text=True)
    except FileNotFoundError:
        raise Failure("There is no docker command here. Install Docker, or run `make engine`.") from None
    if done.returncode:
        said = _last_line(done.stderr)
        step = next((step for part, step in _STEPS.items() if part in said), "")
        raise Failure(f"docker {words[0]} failed: {said} {step}".rstrip())
    return done.stdout


def image_facts(image: str) -> dict[str, Any] | None:
    """What `docker image inspect` tells about an image of this machine, None when there is no such image."""
    try:
        return json.loads(docker("image", "inspect", image))[0]
    except Failure as failure:
        if "no such image" in str(failure).lower():
            return None
        raise


def push(image: str) -> str:
    """`docker push`, with its own progress on stderr. Returns its reason when it failed, otherwise ""."""
    done = subprocess.run(["docker", "push", image], stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
    print(done.stderr or "", end="", file=sys.stderr, flush=True)
    return f"{_last_line(done.stderr).rstrip('.')}." if done.returncode else ""


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it gave no reason"
