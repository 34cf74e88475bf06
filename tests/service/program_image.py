"""An image whose `serve`, or `train`, is a program of the tests: one thin layer on ours."""

import io
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docker import DockerClient


@contextmanager
def program_image(engine: DockerClient, base: str, program: Path) -> Iterator[str]:
    """The image's tag, of this call alone; it is removed at the end. The program's name without its suffix is what the
    container is started with.
    """
    name = program.stem
    dockerfile = f"FROM {base}\nCOPY {name} /usr/local/bin/{name}\nENV PATH=/usr/local/bin:$PATH\nENTRYPOINT []\n"
    context = archive({"Dockerfile": dockerfile.encode(), name: program.read_bytes()}, "w")
    tag = f"local-sagemaker-test-{name}:" + uuid.uuid4().hex[:12]
    engine.images.build(fileobj=io.BytesIO(context), custom_context=True, tag=tag, rm=True)
    try:
        yield tag
    finally:
        engine.images.remove(tag)


def archive(files: dict[str, bytes], mode: str) -> bytes:
    """mode: as `tarfile.open` takes it, `w:gz` for a packed one."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            packed.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
