"""docker/elf_cut.py: GPU code goes out of a shared library, and every other byte stays at its address."""

import importlib.util
import os
import struct
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("elf_cut", ROOT / "docker/elf_cut.py")
elf_cut = importlib.util.module_from_spec(spec)
sys.modules["elf_cut"] = elf_cut  # dataclasses look their module up
spec.loader.exec_module(elf_cut)

PAGE = elf_cut.PAGE
LOAD, NOTE, DYNAMIC = 1, 4, 2
NAMES = b"\0.nv_fatbin\0.data\0.shstrtab\0"


def library(fatbin: int, before: int = 3 * PAGE, after: int = 2 * PAGE + 100, note: bool = True) -> bytes:
    """A file as a linker lays it out: a segment that holds headers, GPU code and what follows it, then one of data."""
    text_end = before + fatbin + after
    data_at = -(-text_end // PAGE) * PAGE
    body = bytearray(os.urandom(data_at + 5000))
    names_at = len(body)
    sections_at = names_at + len(NAMES)
    segments = [
        (LOAD, 5, 0, 0, 0, text_end, text_end, PAGE),
        # Data lie one page higher than in the file, as after a linker's gap, and have more memory than bytes.
        (LOAD, 6, data_at, data_at + PAGE, data_at + PAGE, 5000, 9000, PAGE),
        (DYNAMIC, 6, data_at + 64, data_at + PAGE + 64, data_at + PAGE + 64, 256, 256, 8),
        *([(NOTE, 4, 700, 700, 700, 36, 36, 4)] if note else []),
    ]
    sections = [
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (1, 1, 2, before, before, fatbin, 0, 0, 8, 0),
        (12, 1, 3, data_at + PAGE, data_at, 5000, 0, 0, 8, 0),
        (18, 3, 0, 0, names_at, len(NAMES), 0, 0, 1, 0),
    ]
    elf_cut.HEADER.pack_into(
        body, 0, b"\x7fELF\2\1\1", 3, 62, 1, 0, 64, sections_at, 0, 64, 56, len(segments), 64, len(sections), 3
    )
    for number, one in enumerate(segments):
        elf_cut.SEGMENT.pack_into(body, 64 + 56 * number, *one)
    return bytes(body) + NAMES + b"".join(elf_cut.SECTION_HEADER.pack(*one) for one in sections)


def segments_of(data: bytes) -> list:
    fields = elf_cut.HEADER.unpack_from(data)
    return [elf_cut.Segment(*elf_cut.SEGMENT.unpack_from(data, fields[5] + 56 * n)) for n in range(fields[10])]


def memory(data: bytes) -> dict[int, bytes]:
    """Page by page, what a loader makes of the file; it refuses what ld.so would."""
    loads = [one for one in segments_of(data) if one.kind == LOAD]
    assert [one.address for one in loads] == sorted(one.address for one in loads)
    pages = {}
    for one in loads:
        assert one.offset % PAGE == one.address % PAGE and one.memory >= one.size
        content = data[one.offset : one.offset + one.size].ljust(one.memory, b"\0")
        for at in range(0, one.memory, PAGE):
            pages[one.address + at] = content[at : at + PAGE]
    return pages


@pytest.mark.parametrize("fatbin", [PAGE, 10 * PAGE, 10 * PAGE + 17, 2 * PAGE - 1])
@pytest.mark.parametrize("before", [3 * PAGE, 3 * PAGE + 8])
def test_everything_but_the_gpu_code_is_where_it_was(fatbin, before):
    whole = library(fatbin, before)
    rest = elf_cut.cut(whole)
    first, last = -(-before // PAGE) * PAGE, (before + fatbin) // PAGE * PAGE
    was, now = memory(whole), memory(rest)
    # The headers themselves say other things.
    assert {at: page for at, page in was.items() if at and not first <= at < last} == {
        at: page for at, page in now.items() if at
    }
    assert was[0][64 + 56 * 4 :] == now[0][64 + 56 * 4 :]
    assert len(whole) - len(rest) >= last - first


def test_what_is_no_part_of_the_program_is_found_where_it_went():
    whole = library(10 * PAGE)
    [was] = [one for one in segments_of(whole) if one.kind == DYNAMIC]
    rest = elf_cut.cut(whole)
    [now] = [one for one in segments_of(rest) if one.kind == DYNAMIC]
    assert now.address == was.address
    assert rest[now.offset : now.offset + now.size] == whole[was.offset : was.offset + was.size]
    assert struct.unpack_from("<Q", rest, 40)[0] == 0  # no section headers, which would lie


@pytest.mark.parametrize("fatbin", [0, 100])
def test_less_than_a_page_stays(fatbin):
    whole = library(fatbin)
    assert elf_cut.cut(whole) == whole


def test_a_library_without_gpu_code_stays():
    whole = library(10 * PAGE).replace(b".nv_fatbin", b".something")
    assert elf_cut.cut(whole) == whole


def test_where_there_is_no_room_for_one_more_segment_it_is_an_error():
    with pytest.raises(ValueError, match="no note"):
        elf_cut.cut(library(10 * PAGE, note=False))


def test_what_was_cut_is_not_cut_again():
    rest = elf_cut.cut(library(10 * PAGE))
    assert elf_cut.cut(rest) == rest
