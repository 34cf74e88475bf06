"""The AWS command line of the shell: whether it is one that reads AWS_ENDPOINT_URL."""

import json
import re
import shutil
import subprocess
from pathlib import Path

from contract.atomic_write import write_atomically

VERSION = re.compile(r"aws-cli/(\d+)\.(\d+)")
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html: the first of each major version that does.
FIRST = {1: (1, 29), 2: (2, 13)}
CACHE = "aws_cli.json"  # asking a command line for its version takes it a second
SECONDS = 30


def old_command_line(folder: Path) -> str | None:
    """A sentence where the `aws` on PATH goes past AWS_ENDPOINT_URL, to AWS; else None. folder: keeps what it said."""
    program = shutil.which("aws")
    return sentence(program, _said(Path(program), folder)) if program else None


def sentence(program: str, said: str) -> str | None:
    """said: by `aws --version`."""
    found = VERSION.search(said)
    if not found:
        return None
    version = int(found[1]), int(found[2])
    if version[0] not in FIRST or version >= FIRST[version[0]]:
        return None
    needed = ".".join(map(str, FIRST[version[0]]))
    return (
        f"warning: {program} is version {version[0]}.{version[1]}, which does not know AWS_ENDPOINT_URL (from {needed} "
        "on): it sends its requests to AWS, which refuses them. Give it --endpoint-url $AWS_ENDPOINT_URL, or use `env "
        "--intercept`."
    )


def _said(program: Path, folder: Path) -> str:
    """What `aws --version` says; from the cache while it is the same file."""
    facts = program.resolve().stat()
    same = [str(program), facts.st_mtime_ns, facts.st_size]
    try:
        cached = json.loads((folder / CACHE).read_text())
        if cached["program"] == same:
            return str(cached["said"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not asked yet
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    said = done.stdout + done.stderr  # the first ones wrote it to stderr
    write_atomically(folder / CACHE, json.dumps({"program": same, "said": said}), mode=0o600)
    return said
