"""`python -m tests.container_coverage FOLDER`: combine what coverage measured in the images, which
tests.in_image left in FOLDER, and say which share of container/ the tests reach.
"""

import io
import sys
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).parents[1]


def combined(folder: Path) -> Coverage:
    """The measurements of every process of every image."""
    coverage = Coverage(data_file=folder / "data", config_file=str(ROOT / "tests/container/coverage.ini"))
    coverage.combine([str(folder)], strict=True)
    coverage.save()
    return coverage


if __name__ == "__main__":
    measured = combined(Path(sys.argv[1]))
    share = measured.report(file=io.StringIO())
    print(f"Of the lines and branches of container these tests reach {share:.1f} %.")
