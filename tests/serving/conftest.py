"""The serve image as bare containers of the engine: with the options, the user code and the mounts that a test asks
for.
"""

import http.client
import io
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker.models.containers import Container
from docker.types import Mount
from PIL import Image

from local_test.host.confinement import CONFINEMENT
from local_test.host.labels import labels, remove
from tests.local_service import until

SECONDS_TO_READY = 120
MAKE_MODEL = """
import sys, torch
from pathlib import Path
from container.model.model_file import save_checkpoint
from container.model.head import HEAD_WIDTHS
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
torch.manual_seed(0)
model = create_model("shufflenet_v2_x0_5", 5)
classes = tuple(f"Breed_{index}" for index in range(5))
save_checkpoint(Path("/out"), model.state_dict(), "shufflenet_v2_x0_5",
                HEAD_WIDTHS, classes, Preprocessing.for_image_size(64), {})
Path("/out/model.safetensors").chmod(0o644)
"""

# A user's functions: the body says for how many seconds the model sleeps.
SLEEPING = """
import time
def model_fn(model_dir): return None
def input_fn(body, content_type): return float(body)
def predict_fn(seconds, model):
    time.sleep(seconds)
    return seconds
def output_fn(seconds, accept): return str(seconds), "text/plain"
"""


@dataclass(frozen=True)
class Answer:
    """status 0: no answer came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The message of an error body; fails when it has another shape."""
        said = self.json
        assert (
            set(said) == {"error"}
            and set(said["error"]) == {"status", "message"}
            and said["error"]["status"] == self.status
        ), said
        assert self.headers["content-type"] == "application/json" and b"Traceback" not in self.body
        return said["error"]["message"]

    @property
    def batch(self) -> int:
        """Requests in the forward pass that answered this one."""
        return int(self.headers["server-timing"].rpartition('desc="')[2].rstrip('"'))


@dataclass(frozen=True)
class Served:
    container: Container
    port: int

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        seconds: float = 60,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        finally:
            connection.close()

    def invoke(
        self, body: bytes, content_type: str = "image/jpeg", path: str = "/invocations", **headers: str
    ) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, body, {"Content-Type": content_type, **given})

    def invoke_all(self, bodies: list[bytes], at_once: int, content_type: str = "image/jpeg") -> list[Answer]:
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda body: self.invoke(body, content_type), bodies))

    def ping(self) -> int:
        try:
            return self.ask("GET", "/ping", seconds=5).status
        except (OSError, http.client.HTTPException):
            return 0

    def python(self, program: str) -> str:
        """Run a program in the container; returns what it printed on stdout."""
        status, (output, errors) = self.container.exec_run(["python", "-c", program], demux=True)
        assert status == 0, (errors or b"").decode()
        return (output or b"").decode()

    def processes(self, name: str) -> list[int]:
        """Process ids, in the container, of the processes with this name and their parents' ids."""
        return [pid for pid, found, _ in self._table() if found == name]

    def workers(self) -> list[int]:
        """PID 1's children of its own name."""
        return [pid for pid, found, parent in self._table() if found == "python" and parent == 1]

    def _table(self) -> list[tuple[int, str, int]]:
        said = self.python(
            "import psutil, json; print(json.dumps([(p.pid, p.name(), p.ppid()) for p in psutil.process_iter() if "
            "p.status() != 'zombie']))"
        )
        return [tuple(row) for row in json.loads(said)]

    @property
    def log(self) -> str:
        return self.container.logs().decode(errors="replace")


def wait_for(condition, seconds: float = SECONDS_TO_READY, what: str = ""):
    """The condition's value, as soon as it is true; by default within what a container may take to be ready."""
    return until(condition, seconds, what)


@pytest.fixture(scope="session")
def picture() -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((320, 240)).save(buffer, "JPEG")
    return buffer.getvalue()


def written_in_image(engine, image: str, program: str, file: Path) -> bytes:
    """What a program in Python writes into /out under the file's name, run in the image without a network."""
    engine.containers.run(
        image,
        ["-W", "ignore", "-c", program],
        entrypoint=["python"],
        remove=True,
        network_mode="none",
        labels=labels("tests", file.stem),
        mounts=[Mount("/out", str(file.parent), type="bind")],
    )
    return file.read_bytes()


@pytest.fixture(scope="session")
def model_file(engine, serve_image, tmp_path_factory) -> bytes:
    """A small model, as the train image's code writes it."""
    return written_in_image(
        engine, serve_image, MAKE_MODEL, tmp_path_factory.mktemp("small-model") / "model.safetensors"
    )


@pytest.fixture(scope="session")
def model_folder(model_file, tmp_path_factory):
    """model_folder({path: content}) -> a folder with the model, and with more files where they are given."""

    def make(files: dict[str, str | bytes] | None = None, model: bytes | None = model_file) -> Path:
        folder = tmp_path_factory.mktemp("model")
        for name, content in ({"model.safetensors": model} if model else {}).items():
            (folder / name).write_bytes(content)
        for name, content in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        return folder

    return make


@pytest.fixture(scope="session")
def serve(engine, serve_image, model_folder):
    """A context: serve(folder=..., environment=..., **options of docker) -> Served, in service unless wait=False."""

    @contextmanager
    def serve(
        folder: Path | None = None, environment: dict | None = None, wait: bool = True, **options
    ) -> Iterator[Served]:
        port = (environment or {}).get("SAGEMAKER_BIND_TO_PORT", "8080")
        mounts = options.pop("mounts", None) or [
            Mount("/opt/ml/model", str(folder or model_folder()), type="bind", read_only=True)
        ]
        container = engine.containers.run(
            serve_image,
            ["serve"],
            detach=True,
            environment=environment or {},
            labels=labels("tests", "serving"),
            mounts=mounts,
            **({"ports": {f"{port}/tcp": ("127.0.0.1", None)}} if "network_mode" not in options else {}),
            **{**CONFINEMENT, **options},
        )
        try:
            container.reload()
            bound = [one for one in container.ports.values() if one]
            served = Served(container, int(bound[0][0]["HostPort"]) if bound else 0)
            if wait:
                wait_for(lambda: served.ping() == 200 or exited(container), what=served.log)
                assert served.ping() == 200, served.log
            yield served
        finally:
            remove(container)

    return serve


def exited(container: Container) -> bool:
    container.reload()
    return container.status == "exited"
