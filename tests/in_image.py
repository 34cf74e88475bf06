"""`python -m tests.in_image [--coverage FOLDER] IMAGE TESTS...`: run these folders and files of tests/container inside
IMAGE, on the code that is baked into it, a core for each worker.

The image has no pytest and no network here: pytest and coverage come from the host's .venv, read-only. They are pure
Python, but for a part of coverage that makes it fast where the host's Python is of the images' version, 3.11.
"""

import argparse
import importlib.metadata
import io
import sys
import tarfile
from pathlib import Path

from docker.models.containers import Container

from local_test.host.engine import connect
from local_test.host.labels import labels

ROOT = Path(__file__).parents[1]
TOOLS = "/test-tools"
SITE_PACKAGES = "/opt/venv/lib/python3.11/site-packages"
NEEDED = ("pytest", "pytest-xdist", "execnet", "pluggy", "iniconfig", "packaging", "pygments", "coverage")
COVERAGE = "/tmp/coverage"  # as in coverage.ini


def mounts() -> dict[str, dict]:
    """The tests, the hostile bodies that they share with those outside, and each package that is needed, read-only. A
    .pth file, with which coverage starts in each process, works in site-packages alone.
    """
    volumes = {
        str(ROOT / folder): {"bind": f"{TOOLS}/{folder}", "mode": "ro"}
        for folder in ("tests/container", "tests/hostile")
    }
    for name in NEEDED:
        distribution = importlib.metadata.distribution(name)
        for entry in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
            folder = SITE_PACKAGES if entry.endswith(".pth") else TOOLS
            volumes[str(distribution.locate_file(entry))] = {"bind": f"{folder}/{entry}", "mode": "ro"}
    return volumes


def run_in_image(image: str, tests: list[str], coverage: Path | None = None) -> int:
    """Print pytest's output as it comes; return its exit status.

    Args:
        image: its name and tag.
        tests: paths from the repository's root, below tests/container.
        coverage: a folder for what coverage measured, of each process; None measures nothing.
    """
    options = ["-c", f"{TOOLS}/tests/container/pytest.ini", "--rootdir", TOOLS, "-p", "no:cacheprovider"]
    container = connect().containers.run(
        image,
        ["-m", "pytest", *options, "-n", "logical", "--maxprocesses", "8", *(f"{TOOLS}/{path}" for path in tests)],
        entrypoint=["python"],
        environment={
            "PYTHONPATH": f"/opt/program:{TOOLS}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PY_COLORS": "0",
            "OMP_NUM_THREADS": "1",
            **({"COVERAGE_PROCESS_START": f"{TOOLS}/tests/container/coverage.ini"} if coverage else {}),
        },
        working_dir="/tmp",
        network_mode="none",
        volumes=mounts(),
        labels=labels("tests", " ".join(tests)),
        detach=True,
    )
    try:
        for chunk in container.logs(stream=True, follow=True):
            sys.stdout.write(chunk.decode(errors="replace"))
            sys.stdout.flush()
        status = container.wait()["StatusCode"]
        if coverage:
            copy_out(container, COVERAGE, coverage)
        return status
    finally:
        container.remove(force=True, v=True)


def copy_out(container: Container, source: str, target: Path) -> None:
    """Copy the files of a folder of the container, which may have ended, as files of this user's."""
    chunks, _ = container.get_archive(source)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        for member in archive:
            if member.isfile():
                target.mkdir(parents=True, exist_ok=True)
                (target / Path(member.name).name).write_bytes(archive.extractfile(member).read())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.in_image")
    parser.add_argument("--coverage", type=Path, metavar="FOLDER", help="measure coverage, and leave its data here")
    parser.add_argument("image")
    parser.add_argument("tests", nargs="+")
    given = parser.parse_args()
    sys.exit(run_in_image(given.image, given.tests, given.coverage))
