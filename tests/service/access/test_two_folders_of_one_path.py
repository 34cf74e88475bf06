"""Two services whose folders have one path, in two mount namespaces on one engine, as in two dev containers: each knows
its own.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_test.clean import inventory, remove_all
from local_test.host.labels import TRAINING, find, labels
from tests.local_service import until

pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("unshare"), reason="mount namespaces need root on Linux"
)
ROOT = Path(__file__).parents[3]


def service(folder: Path) -> subprocess.Popen:
    """One whose view of `folder` is an empty file system of its own."""
    script = 'mount -t tmpfs none "$1" && exec "$2" -m local_test serve --folder "$1/state"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", str(folder), sys.executable]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def name_of(process: subprocess.Popen, folder: Path) -> str:
    return (
        (Path(f"/proc/{process.pid}/root") / folder.relative_to("/") / "state/identity.json")
        .read_text()
        .split('"name": "')[1]
        .split('"')[0]
    )


def test_the_second_leaves_the_firsts_containers_alone(tmp_path, engine, train_image):
    running, names = [], []
    marked = None
    try:
        for _ in range(2):
            process = service(tmp_path)
            running.append(process)
            assert "The local SageMaker is at" in process.stdout.readline()
            names.append(name_of(process, tmp_path))
            if marked is None:
                marked = engine.containers.run(
                    train_image,
                    entrypoint=["sleep", "600"],
                    detach=True,
                    labels=labels(TRAINING, "of-the-first", names[0]),
                    network_mode="none",
                )
        assert names[0] != names[1]
        assert [one.id for one in find(engine, service=names[0])] == [marked.id]
        running[1].send_signal(signal.SIGTERM)
        assert running[1].wait(60) == 0
        assert [one.id for one in find(engine, service=names[0])] == [marked.id]
        assert names[0] in inventory(engine) and names[1] not in inventory(engine)
        running[0].send_signal(signal.SIGTERM)
        assert running[0].wait(60) == 0
        until(lambda: find(engine, service=names[0]) == [])
    finally:
        for process in running:
            process.kill()
            process.wait()
            process.stdout.close()
        for name in names:
            remove_all(engine, name)
