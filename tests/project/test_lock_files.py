"""Lock files: every package has an exact version and hashes, and no address is written down."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(
    [
        *ROOT.glob("docker/requirements/*.txt"),
        *ROOT.glob("tests/bench/serving/*.txt"),
        *(ROOT / folder / "requirements.txt" for folder in ("scripts", "local_test", "tests", "tests/tracking")),
        *ROOT.glob("tests/service/sdk/**/requirements.txt"),
    ]
)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_package_is_pinned_by_version_and_hash(lock):
    text = lock.read_text()
    entries = re.split(r"\n(?=[a-zA-Z0-9])", text.strip())
    for entry in entries:
        assert re.match(r"^[A-Za-z0-9_.\[\]-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
    assert "://" not in text and "index-url" not in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_wish_is_in_the_lock(lock):
    locked = {name.lower() for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock.read_text(), re.MULTILINE)}
    for line in lock.with_suffix(".in").read_text().splitlines():
        wish = re.match(r"[A-Za-z0-9_.-]+", line)
        if wish and not line.startswith(("#", "-")):
            assert wish[0].lower() in locked, f"{wish[0]} is in {lock.stem}.in only: run make lock"


def test_the_images_hold_one_version_of_what_they_share():
    pins = {}
    for name in ("base", "train", "serve"):
        for package, version in re.findall(
            r"^([a-z0-9_.-]+)==(\S+)", (ROOT / f"docker/requirements/{name}.txt").read_text(), re.M
        ):
            pins.setdefault(package, {})[name] = version
    for package, versions in pins.items():
        if "base" in versions or package == "pillow-heif":  # it decodes in both
            assert len(set(versions.values())) == 1, f"{package}: {versions}"
