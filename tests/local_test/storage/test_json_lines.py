"""A file that only grows: every line of it is whole, whatever happens while one is written."""

import resource
import signal

import pytest

from local_test.storage.json_lines import JsonLines, read_lines


@pytest.fixture
def room_for():
    """Bytes that a file may have from now on, as on a disk with no more room: a write is cut there."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


def test_a_line_that_finds_no_room_leaves_no_part_of_it(tmp_path, room_for):
    lines = JsonLines(tmp_path / "lines.jsonl")
    lines.append("first")
    room_for(20)
    with pytest.raises(OSError):
        lines.append("x" * 100)
    room_for(1000)
    lines.append("second")
    assert list(read_lines(lines.path)) == ["first", "second"]


def test_what_a_crash_left_of_a_last_line_is_cut_off(tmp_path):
    (tmp_path / "lines.jsonl").write_text('"first"\n"sec')
    lines = JsonLines(tmp_path / "lines.jsonl")
    lines.append("third")
    assert list(read_lines(lines.path)) == ["first", "third"]
