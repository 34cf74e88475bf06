"""multi-model-server: how it is started, and its management API, which only PID 1 can reach.

Its launcher `multi-model-server --start` is left out: it costs a Python start, and runs this same command.
https://github.com/awslabs/multi-model-server/blob/master/docs/management_api.md
"""

import asyncio
import http.client
import importlib.util
import io
import json
import os
import subprocess
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from container.runtime.library_internals import internals_of
from container.serving.server.nginx import TEMPLATES, filled_in
from container.serving.settings import MEGABYTE, Settings

# multi-model-server insists on a name; its worker program, which would import it, is ours
HANDLER = "container.serving.server.worker"
HOME = Path(__file__).parent / "model_server_home"
# netty's epoll library, which it would unpack into a temporary folder that may not hold programs
NATIVE = Path("/opt/netty")
# its classes, read and checked when the image was built; Java does without where it cannot use them
CLASSES = Path("/opt/java/lib/mms.jsa")
LEAST_HEAP, MOST_HEAP = 256 * MEGABYTE, 2048 * MEGABYTE


@dataclass(frozen=True)
class Reply:
    """status 0: it could not be reached. late: it had no answer in the time that there was for it."""

    status: int
    message: str
    late: bool = False


def java_command(settings: Settings, run_dir: Path, memory: int) -> list[str]:
    """memory: bytes that this container has; a quarter of it is the JVM's heap, within 256 MB and 2 GB."""
    heap = max(LEAST_HEAP, min(MOST_HEAP, memory // 4)) // MEGABYTE
    return [
        # Started up fast rather than compiled well: it moves bytes. No files of its own outside run_dir.
        "java",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        f"-XX:SharedArchiveFile={CLASSES}",
        f"-Xmx{heap}m",
        "-XX:+ExitOnOutOfMemoryError",
        "-Dio.netty.leakDetection.level=disabled",
        f"-Djava.library.path={NATIVE}",
        f"-Djava.io.tmpdir={run_dir}",
        f"-Dmodel_server_home={HOME}",
        f"-Dlog4j.configurationFile=file://{TEMPLATES / 'log4j2.xml'}",
        f"-DLOG_LOCATION={run_dir}",
        f"-DMETRICS_LOCATION={run_dir}",
        *settings.vmargs.split(),
        "-cp",
        str(_jar()),
        "com.amazonaws.ml.mms.ModelServer",
        "--python",
        "/opt/venv/bin/python",
        "-f",
        str(run_dir / "mms.properties"),
        "-s",
        "/",
    ]


def _jar() -> Path:
    """multi-model-server's Java program. Raises IncompatibleLibrary where its package has none."""
    with internals_of(
        "multi-model-server", "docker/requirements/serve.txt", "container/serving/server/model_server.py"
    ):
        found = importlib.util.find_spec("mms")  # an import would take time that the JVM can start in
        jar = Path(found.origin).parent / "frontend/model-server.jar" if found and found.origin else None
        if jar is None or not jar.is_file():
            raise ImportError("mms/frontend/model-server.jar is not there")
    return jar


def start_model_server(settings: Settings, run_dir: Path, memory: int) -> subprocess.Popen[bytes]:
    """Nothing is loaded yet; `ModelServer.answers` says when it listens."""
    (run_dir / "mms.properties").write_text(filled_in((TEMPLATES / "mms.properties").read_text(), settings, run_dir))
    environment = {**os.environ, "WORKERS_SOCKET": str(run_dir / "workers.sock")}
    return subprocess.Popen(java_command(settings, run_dir, memory), cwd=run_dir, env=environment)


class ModelServer:
    """The management API of a multi-model-server that runs."""

    def __init__(self, settings: Settings):
        self._settings = settings

    async def answers(self) -> bool:
        return (await self._ask("GET", "/models", 2)).status == 200

    async def register(self, name: str, folder: Path) -> Reply:
        """Ends when every worker has loaded the model. folder: absolute."""
        query = urllib.parse.urlencode(
            {
                # the workers make the batches
                "model_name": name,
                "url": str(folder).lstrip("/"),
                "handler": HANDLER,
                "batch_size": 1,
                "initial_workers": self._settings.connections,
                "synchronous": "true",
            }
        )
        return await self._ask("POST", f"/models?{query}", self._settings.start_seconds)

    async def unregister(self, name: str) -> Reply:
        return await self._ask("DELETE", f"/models/{name}", 60)

    async def _ask(self, method: str, path: str, seconds: float) -> Reply:
        try:
            async with asyncio.timeout(seconds):
                return await self._asked(method, path)
        except TimeoutError:
            return Reply(0, f"it has not answered within {seconds:g} seconds", late=True)
        except (OSError, asyncio.IncompleteReadError) as error:
            return Reply(0, f"it does not answer: {error or type(error).__name__}")

    async def _asked(self, method: str, path: str) -> Reply:
        # No HTTP client of the standard library waits without a thread, and a process that forks should have none.
        reader, writer = await asyncio.open_connection("127.0.0.1", self._settings.ports.management)
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".encode())
            status_line = await reader.readline()
            headers = http.client.parse_headers(io.BytesIO(await reader.readuntil(b"\r\n\r\n")))
            body = (await reader.readexactly(int(headers["content-length"]))).decode(errors="replace")
        finally:
            writer.close()
        try:
            message = json.loads(body)["message"]
        except (ValueError, KeyError, TypeError):
            message = body
        return Reply(int(status_line.split()[1]), message)
