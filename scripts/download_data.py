"""`python -m scripts.download_data FILE`: fetch Udacity's dogImages.zip. An interrupted download goes on where it
stopped.
"""

import argparse
import errno
import http.client
import sys
import urllib.error
import urllib.request
import zipfile
import zlib
from pathlib import Path
from typing import IO

from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.console.waits import Progress, Wait

URL = "https://s3-us-west-1.amazonaws.com/udacity-aind/dog-project/dogImages.zip"
CHUNK = 1024 * 1024
TIMEOUT = 60  # seconds without a byte


def download(url: str, target: Path) -> None:
    """Fetch a zip to `target`, resuming `<target>.part`; it gets its name only when complete and sound.

    Raises Failure that says why it is not there; what has arrived is kept for the next try.
    """
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            resumed = response.status == 206
            length = response.headers.get("Content-Length")
            if length is None:
                raise Failure(
                    f"{url} does not say how long it is, so that nobody could tell whether it is whole. {_ADVICE}"
                )
            expected = int(length) + (have if resumed else 0)
            with part.open("ab" if resumed else "wb") as file:
                _copy(response, file, expected)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # 416: there is nothing after what we have
            raise Failure(f"{url} answered {error.code} {error.reason}. {_ADVICE}") from error
        expected = have
    except (OSError, http.client.HTTPException) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise Failure(f"The disk of {part} is full. Make room and run it again: it goes on from there.") from error
        if getattr(error, "filename", None):  # of this machine, and no answer's
            raise
        # no network, a name that does not resolve, a connection cut
        raise Failure(f"{url} cannot be reached ({error}). What arrived is kept in {part}. {_ADVICE}") from error
    if part.stat().st_size != expected:
        raise Failure(
            f"The connection ended after {part.stat().st_size:,} of {expected:,} bytes. Run it again: it goes on from "
            "there."
        )
    with Wait(f"a check of {part}"):
        _check(part)
    part.rename(target)


_ADVICE = "Fetch the file by other means and name it: make demo DATA=path/to/dogImages.zip"


def _copy(response: IO[bytes], file: IO[bytes], expected: int) -> None:
    with Progress(-(-expected // CHUNK), "MiB") as progress:
        while chunk := response.read(CHUNK):
            file.write(chunk)
            progress.reach(-(-file.tell() // CHUNK))


def _check(archive: Path) -> None:
    """Every member's checksum; a broken file is removed, since going on from it would never mend it."""
    try:
        with zipfile.ZipFile(archive) as opened:
            broken = opened.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:  # the latter two of a member that is broken within
        broken = str(error)
    if broken:
        archive.unlink()
        raise Failure(
            f"What arrived is not a sound zip ({broken}); it was removed. Run it again. Where it stays so, a proxy may "
            f"answer in the place of the server. {_ADVICE}"
        )


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Download dogImages.zip, resuming an interrupted download.")
    parser.add_argument("target", type=Path)
    parser.add_argument("--url", default=URL)
    add_json_option(parser)
    args = parser.parse_args(arguments)
    found = document(args.json)
    found.update(file=str(args.target))
    if args.target.exists():
        print(f"{args.target} is there already")
        return 0
    try:
        download(args.url, args.target)
    except KeyboardInterrupt:
        print("\ninterrupted; run it again, it goes on from there", file=sys.stderr)
        return 130
    print(f"{args.target} is complete. Use it: make demo DATA={args.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
