"""`docker/lock.sh cpu`: the hashes of torch's CPU builds, from an index that the user names. The index here is made of
small wheels.
"""

import functools
import hashlib
import http.server
import io
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TAGS = "cp311-cp311-manylinux_2_28_x86_64"
VERSIONS = {"torch": "2.10.0+cpu", "torchvision": "0.25.0+cpu"}


def wheel(name: str, version: str) -> bytes:
    content, info = io.BytesIO(), f"{name}-{version}.dist-info"
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: a\nRoot-Is-Purelib: false\nTag: {TAGS}\n")
        file.writestr(f"{info}/RECORD", "")
    return content.getvalue()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def index(tmp_path):
    """The index's address, and the hash of each wheel in it."""
    hashes = {}
    for name, version in VERSIONS.items():
        folder, content, file = tmp_path / "index" / name, wheel(name, version), f"{name}-{version}-{TAGS}.whl"
        folder.mkdir(parents=True)
        (folder / file).write_bytes(content)
        hashes[name] = f"sha256:{hashlib.sha256(content).hexdigest()}"
        (folder / "index.html").write_text(
            f'<a href="{file.replace("+", "%2B")}#{hashes[name].replace(":", "=")}">{file}</a>'
        )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path / "index"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", hashes
    server.shutdown()
    server.server_close()


@pytest.fixture
def lock(tmp_path):
    """Runs docker/lock.sh in a copy of the repository that knows this hash of torch: lock("sha256:...", words,
    variables).
    """
    copy = tmp_path / "copy"
    (copy / "docker/requirements").mkdir(parents=True)
    (copy / ".venv/bin").mkdir(parents=True)
    (copy / ".venv/bin/uv").symlink_to(ROOT / ".venv/bin/uv")
    shutil.copy(ROOT / "docker/lock.sh", copy / "docker/lock.sh")

    def run(known: str, word: str = "cpu", **variables: str):
        wishes = "\n".join(f"{name}=={version}" for name, version in VERSIONS.items())
        (copy / "docker/requirements/cpu.in").write_text(f"# known hash: {known}\n{wishes}\n")
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "UV_CACHE_DIR": str(tmp_path / "cache"),
            "NO_PROXY": "127.0.0.1",
            **variables,
        }
        done = subprocess.run([copy / "docker/lock.sh", word], env=environment, capture_output=True, text=True)
        file = copy / "docker/requirements/cpu.txt"
        return done, file.read_text() if file.exists() else None

    return run


@pytest.mark.parametrize("variable", ["PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"])
def test_the_lock_file_has_a_hash_of_each_build_and_not_the_indexs_address(index, lock, variable):
    address, hashes = index
    done, text = lock(hashes["torch"], **{variable: address})
    assert done.returncode == 0, done.stderr
    for name, version in VERSIONS.items():
        assert f"{name}=={version} \\\n    --hash={hashes[name]}" in text
    assert "127.0.0.1" not in text and "compare it with the hashes" in done.stdout


def test_an_index_that_serves_another_torch_than_the_known_one_is_refused(index, lock):
    address, _ = index
    done, text = lock(f"sha256:{'0' * 64}", PIP_EXTRA_INDEX_URL=address)
    assert done.returncode == 1 and text is None
    assert "the index has other files than those with the hash" in done.stderr


def test_without_an_index_it_says_what_to_set(lock):
    done, text = lock("sha256:1")
    assert done.returncode == 1 and text is None and "set PIP_EXTRA_INDEX_URL or PIP_INDEX_URL" in done.stderr


def test_the_hash_that_is_known_is_in_the_lock_file_once_there_is_one():
    requirements = ROOT / "docker/requirements"
    known = [
        line.removeprefix("# known hash: ")
        for line in (requirements / "cpu.in").read_text().splitlines()
        if line.startswith("# known hash: ")
    ]
    assert len(known) == 1 and len(known[0]) == len("sha256:") + 64
    compiled = requirements / "cpu.txt"
    assert not compiled.exists() or known[0] in compiled.read_text()
