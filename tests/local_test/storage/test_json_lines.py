"""A file that only grows: every line of it is whole, whatever happens while one is written."""

import subprocess
import sys
from pathlib import Path

from local_test.storage.json_lines import JsonLines, read_lines

ROOT = Path(__file__).parents[3]


# In a process of its own: the limit is on every file that the process writes, also on one that the tests print to.
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from local_test.storage.json_lines import JsonLines
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
lines = JsonLines(Path(sys.argv[1]))
lines.append("first")
resource.setrlimit(resource.RLIMIT_FSIZE, (20, most))  # a write is cut there, as on a disk with no more room
try:
    lines.append("x" * 100)
except OSError:
    print("refused")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
lines.append("second")
"""


def test_a_line_that_finds_no_room_leaves_no_part_of_it(tmp_path):
    path = tmp_path / "lines.jsonl"
    done = subprocess.run([sys.executable, "-c", FULL_DISK, path], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "refused\n", done.stderr
    assert list(read_lines(path)) == ["first", "second"]


def test_what_a_crash_left_of_a_last_line_is_cut_off(tmp_path):
    (tmp_path / "lines.jsonl").write_text('"first"\n"sec')
    lines = JsonLines(tmp_path / "lines.jsonl")
    lines.append("third")
    assert list(read_lines(lines.path)) == ["first", "third"]
