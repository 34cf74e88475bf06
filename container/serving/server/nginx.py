"""nginx, the port that SageMaker sees: its configuration from the settings, and what /ping and /invocations hang on.

Two files say what it does: `ready` is there while /ping is 200, `accepting` while invocations are taken. nginx looks at
them with every request, so a change holds at once and needs no reload."""

import json
import subprocess
from pathlib import Path
from typing import Any

from container.serving.request.body_space import SMALL, BodySpace, body_space
from container.serving.settings import MEGABYTE, Settings

TEMPLATES = Path("/etc/dogbreed")
LARGE, HUGE = (
    32,
    4,
)  # bodies above 1 MB and above 10 MB under way: the JVM holds each of them once or twice, in 2 GB of heap
TRANSFORM_MB, TRANSFORM_TOTAL_MB = 6, 100  # of one payload, and of all that are under way, in batch transform


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
        "LARGE_QUEUE": min(LARGE, settings.queue),
        "HUGE_QUEUE": min(HUGE, settings.queue),
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
            "BODY_SMALL": SMALL,
            "BODY_BUFFER": space.buffer,
            "BODY_SPACE": space.total,
        }
    for name, value in values.items():
        template = template.replace(f"@{name}@", str(value))
    return template


class Nginx:
    """run_dir: for its configuration and what it writes."""

    def __init__(self, settings: Settings, run_dir: Path):
        self._run_dir = run_dir
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

    def _switch(self, name: str, on: bool) -> None:
        if on:
            (self._run_dir / name).touch()
        else:
            (self._run_dir / name).unlink(missing_ok=True)
