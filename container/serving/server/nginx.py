"""nginx, the port that SageMaker sees: its configuration from the settings, and what /ping and /invocations hang on.

Request bodies wait, while they arrive, in files of nginx's on a disk, in memory where there is none. A client that
announces much and sends slowly then takes up disk, not memory, and only so much of it.

Two files in run_dir switch it: `ready` is there while /ping is 200, `accepting` while invocations are taken. nginx
looks at them with every request, so a change holds at once and needs no reload."""

import asyncio
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from container.serving.machine import free_memory
from container.serving.settings import MEGABYTE, Settings

TEMPLATES = Path("/etc/dogbreed")
# Bodies above 1 MB and above 10 MB under way: the JVM holds each of them once or twice, in 2 GB of heap.
MOST_LARGE_BODIES, MOST_HUGE_BODIES = 32, 4
TRANSFORM_MB, TRANSFORM_TOTAL_MB = 6, 100  # of one payload, and of all that are under way, in batch transform
# Bytes: bodies up to this are in memory in any case, and are not added up; nginx's connections bound them.
SMALL_BODY = 256 * 1024
MOST_ON_DISK, MOST_IN_MEMORY = 4096 * MEGABYTE, 1024 * MEGABYTE  # 160 bodies of 25 MB, and 40
LEAST_BODIES = 16  # of the largest kind that a disk must have space for, to be used
MEMORY_FILE_SYSTEMS = ("tmpfs", "ramfs")


@dataclass(frozen=True)
class BodySpace:
    """buffer: bytes of one body that nginx keeps in memory. total: bytes that all bodies above SMALL_BODY that are
    arriving may have together.
    """

    buffer: int
    total: int


def execution_parameters(settings: Settings) -> dict[str, Any]:
    """What a batch transform job does where its user said nothing: as many requests at once as fill two batches.

    Concurrent payloads may not exceed 100 MB together:
    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html"""
    concurrent = min(settings.connections, TRANSFORM_TOTAL_MB // TRANSFORM_MB)
    return {"MaxConcurrentTransforms": concurrent, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": TRANSFORM_MB}


def filled_in(template: str, settings: Settings, run_dir: Path, space: BodySpace | None = None) -> str:
    """A template of docker/server with the settings in the place of its @NAMES@. space: for nginx alone."""
    values = {
        "PUBLIC_PORT": settings.ports.public,
        "INFERENCE_PORT": settings.ports.inference,
        "MANAGEMENT_PORT": settings.ports.management,
        "METRICS_PORT": settings.ports.metrics,
        "RUN_DIR": run_dir,
        "PAYLOAD": settings.payload,
        "PAYLOAD_MB": settings.payload // MEGABYTE,
        "QUEUE": settings.queue,
        "LARGE_QUEUE": min(MOST_LARGE_BODIES, settings.queue),
        "HUGE_QUEUE": min(MOST_HUGE_BODIES, settings.queue),
        "ANSWER_SECONDS": settings.answer_seconds,
        "START_SECONDS": settings.start_seconds,
        "LONGEST_SECONDS": max(settings.answer_seconds, settings.start_seconds) + 30,
        "EXECUTION_PARAMETERS": json.dumps(execution_parameters(settings)),
        "PATHS": "This is a multi-model endpoint: /models/NAME/invoke."
        if settings.multi_model
        else "Post to /invocations.",
    }
    if space:
        values |= {
            "BODY_SECONDS": settings.body_seconds,
            "BODY_SMALL": SMALL_BODY,
            "BODY_BUFFER": space.buffer,
            "BODY_SPACE": space.total,
        }
    for name, value in values.items():
        template = template.replace(f"@{name}@", str(value))
    return template


class Nginx:
    """run_dir: for its configuration and what it writes."""

    def __init__(self, settings: Settings, run_dir: Path):
        self._run_dir, self._metrics_port = run_dir, settings.ports.metrics
        paths = "multi_model.conf" if settings.multi_model else "single_model.conf"
        space = body_space(run_dir, settings.payload)
        for name, source in (
            ("nginx.conf", "nginx.conf"),
            ("paths.conf", paths),
            *((name, name) for name in ("receive.conf", "invocation.conf", "request_body.lua")),
        ):
            (run_dir / name).write_text(filled_in((TEMPLATES / source).read_text(), settings, run_dir, space))

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["nginx", "-c", str(self._run_dir / "nginx.conf"), "-p", str(self._run_dir), "-e", "stderr"]
        )

    def say_ready(self, ready: bool) -> None:
        self._switch("ready", ready)

    def accept(self, accepting: bool) -> None:
        self._switch("accepting", accepting)

    async def open_requests(self) -> int:
        """How many requests it reads or answers, this one among them. Raises OSError.

        https://nginx.org/en/docs/http/ngx_http_stub_status_module.html
        """
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._metrics_port)
            writer.write(b"GET /connections HTTP/1.0\r\n\r\n")
            said = (await reader.read()).decode()
            writer.close()
        return int(said.split("Writing: ")[1].split()[0]) if "Writing: " in said else 0

    def _switch(self, name: str, on: bool) -> None:
        if on:
            (self._run_dir / name).touch()
        else:
            (self._run_dir / name).unlink(missing_ok=True)


def body_space(folder: Path, payload: int) -> BodySpace:
    """folder: of nginx's files. payload: bytes of the largest body."""
    kind = file_system(folder, Path("/proc/self/mounts").read_text())
    return choose_space(0 if kind in MEMORY_FILE_SYSTEMS else shutil.disk_usage(folder).free, free_memory(), payload)


def choose_space(free_disk: int, free_memory: int, payload: int) -> BodySpace:
    """Half of what the disk has left, or a quarter of the memory; two of the largest bodies in any case. All in
    bytes.
    """
    on_disk = min(MOST_ON_DISK, free_disk // 2)
    if on_disk >= LEAST_BODIES * payload:
        return BodySpace(SMALL_BODY, on_disk)
    return BodySpace(payload, max(2 * payload, min(MOST_IN_MEMORY, free_memory // 4)))


def file_system(folder: Path, mounts: str) -> str:
    """Type of the file system that `folder` is in. mounts: text of /proc/self/mounts, whose later lines cover earlier
    ones.

    https://man7.org/linux/man-pages/man5/proc_pid_mounts.5.html
    """
    found, kind = Path("/"), ""
    for line in mounts.splitlines():
        _, mounted_at, this_kind, *_ = line.split()
        point = Path(mounted_at.replace("\\040", " "))
        if folder.is_relative_to(point) and point.is_relative_to(found):
            found, kind = point, this_kind
    return kind
