"""Two services whose folders have one path, the second in a mount namespace of its own, as in a dev container: it is
refused, since the engine mounts the first one's folder, and leaves what the first one has alone.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local_test.background import stop
from local_test.clean import remove_all
from local_test.host.labels import TRAINING, find, labels
from tests.local_service import Local

pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("unshare"), reason="mount namespaces need root on Linux"
)
ROOT = Path(__file__).parents[3]


def in_another_namespace(folder: Path) -> subprocess.CompletedProcess:
    """A service whose view of `folder` is an empty file system of its own."""
    script = 'mount -t tmpfs none "$1" && exec "$2" -m local_test serve --folder "$1/state"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", str(folder), sys.executable]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)


def test_the_second_is_refused_and_leaves_the_firsts_containers_alone(tmp_path, engine, train_image):
    first = Local(tmp_path / "state")
    name = first.address.name
    try:
        marked = engine.containers.run(
            train_image,
            entrypoint=["sleep", "600"],
            detach=True,
            labels=labels(TRAINING, "of-the-first", name),
            network_mode="none",
        )
        second = in_another_namespace(tmp_path)
        assert second.returncode != 0 and "The Docker engine does not see" in second.stdout, second.stdout
        assert [one.id for one in find(engine, service=name)] == [marked.id]
        stop(first.folder)
        assert find(engine, service=name) == []
    finally:
        stop(first.folder)
        remove_all(engine, name)
