"""The `docker` command. Only images are touched with it: inspected, tagged, and pushed through a login that runs out
meanwhile and a network that fails for a while.

A login of ECR ends after 12 hours, and a slow line takes longer for the first push. Layers that have arrived are not
sent again. https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.console.failure import Failure, explain

# Part of what Docker says -> what to do. For the rest Docker's own words do.
_STEPS = {
    "Cannot connect to the Docker daemon": "Start Docker Desktop, or the engine: sudo systemctl start docker",
    "permission denied while trying to connect": "Join its group, and log in again: sudo usermod -aG docker $USER",
}
PUSH_PAUSES = (2.0, 10.0, 30.0, 60.0)  # seconds; Docker itself has tried every layer several times
_RUN_AGAIN = "Run the same command again: layers that arrived are not sent twice."
_AT_ONCE = 60.0  # seconds: a login that is refused so soon has not run out
# Docker's words for a 401, ECR's own for a login that has run out, and Docker's for these where a HEAD was refused.
_LOGIN = re.compile(
    r"authorization token has expired|no basic auth credentials|authentication required|unauthorized|\b401\b"
    r"|HTTP 403 response body",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"connection (reset|refused|timed out)|broken pipe|\bEOF\b|timeout|timed out|no such host|network is unreachable"
    r"|server misbehaving|temporary failure|use of closed network|too ?many ?requests|\b(429|50[0234])\b"
    r"|service unavailable|internal server error|bad gateway",
    re.IGNORECASE,
)


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


def push(image: str, log_in: Callable[[], None], sleep: Callable[[float], None] = time.sleep) -> None:
    """Push the image, whose registry one is logged in to.

    log_in: logs in anew. Raises Failure when that does not help, when the trouble does not pass, and when the registry
    refuses the image for another reason.
    """
    logged_in = time.monotonic() - _AT_ONCE
    for pause in (*PUSH_PAUSES, None):
        said = _push_once(image)
        if not said:
            return
        if _LOGIN.search(said):
            if time.monotonic() - logged_in < _AT_ONCE or pause is None:
                break
            print("the login to the registry has run out: logging in again", file=sys.stderr, flush=True)
            try:
                log_in()
            except (ClientError, BotoCoreError) as error:
                raise Failure(f"{explain(error)} {_RUN_AGAIN}") from error
            logged_in = time.monotonic()
        elif _PASSING.search(said) and pause is not None:
            print(f"pushing again in {pause:.0f} s; layers that arrived stay", file=sys.stderr, flush=True)
            sleep(pause)
        else:
            break
    raise Failure(f"docker push {image} failed: {said} {_RUN_AGAIN}")


def _push_once(image: str) -> str:
    """`docker push`, with its own progress on stderr. Returns its reason when it failed, otherwise ""."""
    done = subprocess.run(["docker", "push", image], stdout=sys.stderr, stderr=subprocess.PIPE, text=True)
    print(done.stderr or "", end="", file=sys.stderr, flush=True)
    return f"{_last_line(done.stderr).rstrip('.')}." if done.returncode else ""


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it gave no reason"
