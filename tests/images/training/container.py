"""A container of the train image with an /opt/ml of the test's own, without a platform around it."""

import io
import json
import tarfile
from collections.abc import Mapping

from docker.errors import NotFound
from docker.models.containers import Container

from tests.local_service import until

NO_LOG = {"sagemaker_container_log_level": "30"}


class TrainingContainer:
    """A started container."""

    def __init__(self, container: Container):
        self.container = container

    def ended(self) -> int:
        """Its exit status, at its end."""
        return self.container.wait(timeout=120)["StatusCode"]

    @property
    def log(self) -> str:
        return self.container.logs().decode(errors="replace")

    def printed(self, text: str) -> None:
        """Wait until the log has it."""
        until(lambda: text in self.log or self.has_ended(), 60)
        assert text in self.log, self.log

    def has_ended(self) -> bool:
        self.container.reload()
        return self.container.status == "exited"

    def terminate(self) -> None:
        self.container.kill("SIGTERM")

    def read(self, path: str) -> str | None:
        """A file in the container as text; None where there is none."""
        try:
            stream, _ = self.container.get_archive(path)
        except NotFound:
            return None
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            return archive.extractfile(archive.next()).read().decode()

    @property
    def failure(self) -> str | None:
        return self.read("/opt/ml/output/failure")


def config(hyperparameters: Mapping[str, object] = {}, hosts=("algo-1",), channels=()) -> dict[str, str]:
    """The files of /opt/ml/input/config, by path."""
    content = {
        "hyperparameters": {**NO_LOG, **hyperparameters},
        "inputdataconfig": {channel: {"TrainingInputMode": "File"} for channel in channels},
        "resourceconfig": {"current_host": hosts[0], "hosts": list(hosts), "network_interface_name": "lo"},
    }
    return {f"/opt/ml/input/config/{name}.json": json.dumps(value) for name, value in content.items()}


def packed(files: Mapping[str, str | bytes], mode: str = "w:gz", owner: int = 0) -> bytes:
    """A tar archive. A name that ends with a slash is a folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for path, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(path.strip("/"))
            member.size, member.mode, member.uid, member.gid = len(body), 0o755, owner, owner
            if path.endswith("/"):
                member.type = tarfile.DIRTYPE
            archive.addfile(member, io.BytesIO(body))
    return buffer.getvalue()
