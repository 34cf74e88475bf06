"""A peer's image: the serve image with the peer's locked packages on top, so that all servers have one torch. It goes
when the bench ends.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docker import DockerClient
from docker.models.containers import Container
from docker.types import Mount

from local_test.host.labels import labels, remove

ROOT = Path(__file__).parents[3]
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
JAVA = (
    "{ command -v java || { mkdir -p /usr/share/man/man1 && apt-get update"
    " && apt-get install -y --no-install-recommends openjdk-17-jre-headless; }; }"
)
PIP = "pip install --no-deps --require-hashes --no-build-isolation --disable-pip-version-check -r /run/lock.txt"


class CannotInstall(RuntimeError):
    """The packages could not be installed; the message is the end of what was said."""


@contextmanager
def peer_image(engine: DockerClient, image: str, peer: str, needs_java: bool) -> Iterator[str]:
    """`image` with the packages of `peer`.txt. Raises CannotInstall."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _installing(engine, image, peer, needs_java, Path(folder)) as container,
    ):
        if container.wait()["StatusCode"]:
            raise CannotInstall(container.logs(tail=20).decode(errors="replace"))
        name = container.commit(repository=f"bench-serving-{peer}", tag=str(os.getpid())).tags[0]
    try:
        yield name
    finally:
        engine.images.remove(name, force=True)


@contextmanager
def _installing(engine: DockerClient, image: str, peer: str, needs_java: bool, folder: Path) -> Iterator[Container]:
    """A container that installs. This machine's pip settings and certificates are mounted and stay out of the image."""
    settings = folder / "pip.conf"
    settings.write_bytes(
        subprocess.run([sys.executable, ROOT / "docker/pip_settings.py"], check=True, capture_output=True).stdout
    )
    mounts = {"/run/pip.conf": settings, "/run/lock.txt": Path(__file__).with_name(f"{peer}.txt")}
    bundle = Path(os.environ.get("SSL_CERT_FILE", CERTIFICATES))
    if bundle.is_file():
        mounts[CERTIFICATES] = bundle
    container = engine.containers.run(
        image,
        ["-c", " && ".join([*[JAVA] * needs_java, PIP])],
        entrypoint=["sh"],
        user="0",
        labels=labels("bench", peer),
        detach=True,
        environment={
            "PIP_CONFIG_FILE": "/run/pip.conf",
            "PIP_CERT": CERTIFICATES,
            "PIP_NO_CACHE_DIR": "1",
            "DEBIAN_FRONTEND": "noninteractive",
        },
        mounts=[Mount(inside, str(path.resolve()), type="bind", read_only=True) for inside, path in mounts.items()],
    )
    try:
        yield container
    finally:
        remove(container)
