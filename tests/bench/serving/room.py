"""A network of its own, without a way out, in which a server and its client meet on loopback: no port of the host, no
proxy between them.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from docker import DockerClient
from docker.models.containers import Container
from docker.types import DeviceRequest, Mount

from local_test.host.labels import labels, remove
from tests.bench.serving.server import Server

PROGRAMS = Path(__file__).parent
MODEL = "/opt/ml/model"


class Room:
    """Holds the client's container, in which programs of this folder run, and later the server's.

    model: name of the volume that is at /opt/ml/model. gpus: for both.
    """

    def __init__(self, engine: DockerClient, image: str, data: Path, model: str, gpus: Sequence[DeviceRequest]):
        self._engine, self._gpus = engine, list(gpus)
        self._programs = Mount("/bench", str(PROGRAMS), type="bind", read_only=True)
        self._model = Mount(MODEL, model, type="volume")
        self._server: Container | None = None
        self._client = engine.containers.run(
            image,
            ["infinity"],
            entrypoint=["sleep"],
            network_mode="none",
            labels=labels("bench", "client"),
            detach=True,
            device_requests=self._gpus,
            environment={"PYTHONPATH": "/opt/program:/bench"},
            mounts=[self._programs, self._model, Mount("/data", str(data.resolve()), type="bind", read_only=True)],
        )

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, *_) -> None:
        if self._server:
            remove(self._server)
        remove(self._client)

    def run(self, program: str, *arguments: str):
        """What a program prints as JSON. Raises RuntimeError with what it said when it fails."""
        ended = self._client.exec_run(["python", f"/bench/{program}", "/data", *arguments], demux=True)
        printed, said = ((part or b"").decode(errors="replace") for part in ended.output)
        if ended.exit_code:
            raise RuntimeError(f"{program} {' '.join(arguments)}: {said}")
        return json.loads(printed)

    def start(self, server: Server) -> tuple[float, str]:
        """Start it; returns the seconds from `docker run` to its first answer, and that answer. Raises RuntimeError
        when it gives none.
        """
        asking = self._client.exec_run(["python", "/bench/first_answer.py", "/data", server.path], stream=True)
        lines = _lines(asking.output)
        assert next(lines, "") == "asking"
        began = time.monotonic()
        self._server = self._engine.containers.run(
            server.image,
            server.command,
            entrypoint=server.entrypoint,
            network_mode=f"container:{self._client.id}",
            labels=labels("bench", server.name),
            detach=True,
            device_requests=self._gpus,
            environment=server.environment,
            shm_size="2g",
            mounts=[self._programs, Mount(MODEL, self._model["Source"], type="volume", read_only=True)],
        )
        answer = next(lines, "")
        took = time.monotonic() - began
        if not answer.startswith('"'):
            raise RuntimeError(
                f"{server.name} gave no answer. {answer}\n{self._server.logs(tail=30).decode(errors='replace')}"
            )
        return took, json.loads(answer)

    def pause(self) -> None:
        self._server.pause()

    def resume(self) -> None:
        self._server.unpause()


def _lines(chunks):
    text = ""
    for chunk in chunks:
        text += chunk.decode(errors="replace")
        *whole, text = text.split("\n")
        yield from whole
    yield text
