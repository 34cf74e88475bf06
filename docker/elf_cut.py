"""Cut the GPU code out of a shared library: `python3 elf_cut.py LIBRARY...`.

nvcc puts it into a section of its own that the CUDA runtime alone reads. The segment that holds the section becomes
two, with nothing between them; every address stays. https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html
"""

import struct
import sys
from dataclasses import dataclass, replace
from pathlib import Path

SECTION = b".nv_fatbin"
PAGE = 4096  # of x86-64
LOAD, NOTE = 1, 4
HEADER = struct.Struct("<16sHHIQQQIHHHHHH")  # Elf64_Ehdr
SEGMENT = struct.Struct("<IIQQQQQQ")  # Elf64_Phdr
SECTION_HEADER = struct.Struct("<IIQQQQIIQQ")  # Elf64_Shdr


@dataclass(frozen=True)
class Segment:
    """A program header, its fields in the order of the file. offset and the sizes in bytes."""

    kind: int
    flags: int
    offset: int
    address: int
    physical: int
    size: int
    memory: int
    alignment: int


def section_of(data: bytes) -> tuple[int, int] | None:
    """Where the GPU code begins and ends in the file; None without any."""
    fields = HEADER.unpack_from(data)
    at, size, count, names_index = fields[6], fields[11], fields[12], fields[13]
    if not count:
        return None
    headers = [SECTION_HEADER.unpack_from(data, at + size * n) for n in range(count)]
    names = headers[names_index][4]
    for name, _, _, _, offset, length, *_ in headers:
        start = names + name
        if data[start : data.index(b"\0", start)] == SECTION:
            return offset, offset + length
    return None


def split(segments: list[Segment], begin: int, end: int) -> list[Segment]:
    """The segments of the file without its bytes from `begin` to `end`, which are whole pages of one that is loaded.

    A note makes room for the one more. Raises ValueError where there is none, or no such segment.
    """
    found, gone = [], end - begin
    for one in segments:
        if one.kind == LOAD and one.offset <= begin and end <= one.offset + one.size:
            before = begin - one.offset
            after = end - one.offset
            found.append(replace(one, size=before, memory=before))
            found.append(
                replace(
                    one,
                    offset=begin,
                    address=one.address + after,
                    physical=one.physical + after,
                    size=one.size - after,
                    memory=one.memory - after,
                )
            )
        else:
            found.append(replace(one, offset=one.offset - gone) if one.offset >= end else one)
    if len(found) == len(segments):
        raise ValueError("no loaded segment holds the GPU code")
    spare = next((one for one in found if one.kind == NOTE), None)
    if spare is None:
        raise ValueError("there is no note whose place could be taken")
    found.remove(spare)
    return [replace(one, alignment=PAGE) if one.kind == LOAD else one for one in found]


def cut(data: bytes) -> bytes:
    """The library without its GPU code and without section headers, which only debuggers and linkers read."""
    place = section_of(data)
    if place is None:
        return data
    begin, end = -(-place[0] // PAGE) * PAGE, place[1] // PAGE * PAGE
    if end <= begin:
        return data
    fields = list(HEADER.unpack_from(data))
    at, size, count = fields[5], fields[9], fields[10]
    segments = [Segment(*SEGMENT.unpack_from(data, at + size * n)) for n in range(count)]
    last = max(one.offset + one.size for one in segments)
    kept = bytearray(data[:begin] + data[end:last])
    for number, one in enumerate(split(segments, begin, end)):
        SEGMENT.pack_into(kept, at + size * number, *vars(one).values())
    fields[6] = fields[12] = fields[13] = 0  # no section headers
    HEADER.pack_into(kept, 0, *fields)
    return bytes(kept)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        whole = path.read_bytes()
        try:
            rest = cut(whole)
        except ValueError as error:
            sys.exit(f"The GPU code of {path} cannot be cut out: {error}.")
        if len(rest) < len(whole):
            path.write_bytes(rest)
            print(f"{(len(whole) - len(rest)) / 1e6:7.1f} MB of GPU code less in {path.name}")
