"""docker/lock_part.py: one lock file fills several layers, each package with its hashes."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("lock_part", ROOT / "docker/lock_part.py")
lock_part = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lock_part)

LOCK = (
    "a==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\nnvidia-b-cu12==2 \\\n    --hash=sha256:3\n"
    "torch==3 \\\n    --hash=sha256:4\n"
)


def test_an_entry_keeps_all_its_hashes():
    assert lock_part.matching(LOCK, "a") == ["a==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2"]


def test_a_pattern_is_of_the_whole_name():
    assert lock_part.matching(LOCK, "nvidia") == []
    assert [entry.split("==")[0] for entry in lock_part.matching(LOCK, "nvidia-.*|torch")] == ["nvidia-b-cu12", "torch"]


def test_the_patterns_of_the_dockerfile_take_cuda_away_or_torch_as_well_and_nothing_else():
    """cpu.in names torch and torchvision, in the versions of base.txt."""
    lock = (ROOT / "docker/requirements/base.txt").read_text()
    pattern, with_torch = re.findall(r"lock_part.py '([^']+)'", (ROOT / "docker/Dockerfile").read_text())
    more = set(lock_part.matching(lock, with_torch)) - set(lock_part.matching(lock, pattern))
    assert sorted(entry.split("==")[0] for entry in more) == ["torch", "torchvision"]
    left = set(lock_part.entries(lock)) - set(lock_part.matching(lock, pattern))
    named = {entry.split(" ")[0] for entry in left}
    rest = {entry for entry in named if not entry.startswith(("nvidia-", "cuda-", "triton=="))}
    cpu = [line for line in (ROOT / "docker/requirements/cpu.in").read_text().splitlines() if not line.startswith("#")]
    assert sorted(cpu) == sorted(f"{entry}+cpu" for entry in rest)
    assert len(named) > len(rest) == 2


def test_a_pattern_that_matches_nothing_ends_the_build(tmp_path):
    (tmp_path / "lock.txt").write_text(LOCK)
    done = subprocess.run(
        [sys.executable, ROOT / "docker/lock_part.py", "x", tmp_path / "lock.txt"], capture_output=True, text=True
    )
    assert done.returncode == 1 and "No package" in done.stderr and not done.stdout
