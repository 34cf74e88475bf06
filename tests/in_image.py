"""`python -m tests.in_image IMAGE FOLDER`: run the tests of FOLDER inside IMAGE, on the code that is baked into it, a
core for each worker.

The image has no pytest and no network here: pytest comes from the host's .venv (it is pure Python), read-only.
"""

import importlib.metadata
import sys
from pathlib import Path

from local_test.host.engine import connect
from local_test.host.labels import labels

ROOT = Path(__file__).parents[1]
NEEDED = ("pytest", "pytest-xdist", "execnet", "pluggy", "iniconfig", "packaging", "pygments")


def mounts(folder: Path) -> dict[str, dict]:
    """The tests, the hostile bodies that they share with those outside, and each package that pytest needs,
    read-only.
    """
    volumes = {
        str(ROOT / folder): {"bind": "/tests", "mode": "ro"},
        str(ROOT / "tests/hostile"): {"bind": "/test-tools/tests/hostile", "mode": "ro"},
    }
    for name in NEEDED:
        distribution = importlib.metadata.distribution(name)
        for entry in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
            volumes[str(distribution.locate_file(entry))] = {"bind": f"/test-tools/{entry}", "mode": "ro"}
    return volumes


def run_in_image(image: str, folder: Path) -> int:
    """Print pytest's output as it comes; return its exit status."""
    client = connect()
    container = client.containers.run(
        image,
        [
            "-m",
            "pytest",
            "/tests",
            "--rootdir",
            "/tests",
            "-p",
            "no:cacheprovider",
            "-ra",
            "-n",
            "logical",
            "--maxprocesses",
            "8",
            "--import-mode=importlib",
            "-o",
            "pythonpath=/tests",
        ],
        entrypoint=["python"],
        environment={
            "PYTHONPATH": "/opt/program:/test-tools",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PY_COLORS": "0",
            "OMP_NUM_THREADS": "1",
        },
        working_dir="/tmp",
        network_mode="none",
        volumes=mounts(folder),
        labels=labels("tests", str(folder)),
        detach=True,
    )
    try:
        for chunk in container.logs(stream=True, follow=True):
            sys.stdout.write(chunk.decode(errors="replace"))
            sys.stdout.flush()
        return container.wait()["StatusCode"]
    finally:
        container.remove(force=True, v=True)


if __name__ == "__main__":
    sys.exit(run_in_image(sys.argv[1], Path(sys.argv[2])))
