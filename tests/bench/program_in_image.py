"""A program of tests/bench that runs inside an image, on its code, and prints JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

from docker import DockerClient
from docker.types import DeviceRequest, Mount

from local_test.host.labels import labels

ROOT = Path(__file__).parents[2]


def run_program(
    engine: DockerClient,
    image: str,
    program: str,
    arguments: list[str],
    data: Path,
    beside: Sequence[str] = (),
    gpus: Sequence[DeviceRequest] = (),
) -> dict:
    """Run tests/bench/`program` DATA `arguments`; its stderr is shown as it comes. beside: more files of this
    repository that it imports.
    """
    files = {f"tests/bench/{program}": program, **{path: Path(path).name for path in beside}}
    container = engine.containers.run(
        image,
        [f"/bench/{program}", "/data", *arguments],
        entrypoint=["python"],
        network_mode="none",
        labels=labels("bench", program),
        detach=True,
        device_requests=list(gpus),
        environment={"PYTHONPATH": "/opt/program:/bench"},
        shm_size="2g",  # a DataLoader's workers hand their batches over in it
        mounts=[
            *(Mount(f"/bench/{name}", str(ROOT / path), type="bind", read_only=True) for path, name in files.items()),
            Mount("/data", str(data.resolve()), type="bind", read_only=True),
        ],
    )
    try:
        for said in container.logs(stdout=False, stderr=True, stream=True, follow=True):
            print(said.decode(errors="replace"), end="", flush=True)
        assert container.wait()["StatusCode"] == 0
        return json.loads(container.logs(stdout=True, stderr=False))
    finally:
        container.remove(force=True)
