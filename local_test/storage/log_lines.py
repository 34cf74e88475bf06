"""What a container prints, cut into lines, as CloudWatch keeps them."""

from collections.abc import Iterable, Iterator
from itertools import chain

LONGEST_LINE = 256 * 1024  # bytes of an event, CloudWatch's own limit; a longer line continues in the next event


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of a stream of bytes, without their ends; the last one may lack its own."""
    return chain.from_iterable(lines_of_each(chunks))


def lines_of_each(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """The lines that each chunk completes, where it completes any. They are the same however the stream is cut into
    chunks.
    """
    parts: list[bytes] = []
    held = 0
    for chunk in chunks:
        found: list[str] = []
        *whole, rest = chunk.split(b"\n")
        for end in whole:
            found += _cut(b"".join([*parts, end]))
            parts, held = [], 0
        if rest:
            parts.append(rest)
            held += len(rest)
        if held > LONGEST_LINE:
            *full, last = _events(b"".join(parts))
            found += [_text(event) for event in full]
            parts, held = [last], len(last)
        if found:
            yield found
    if held:
        yield _cut(b"".join(parts))


def _cut(line: bytes) -> list[str]:
    return [_text(event) for event in _events(line)]


def _events(line: bytes) -> list[bytes]:
    return [line[start : start + LONGEST_LINE] for start in range(0, max(1, len(line)), LONGEST_LINE)]


def _text(event: bytes) -> str:
    return event.decode(errors="replace").rstrip("\r")
