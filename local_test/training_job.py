"""Run a training job as the platform does: the request becomes an /opt/ml tree, a container runs, its end decides.

Contract: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

import io
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from docker import DockerClient
from docker.errors import ImageNotFound, NotFound
from docker.models.containers import Container
from docker.types import Mount

from local_test import opt_ml
from local_test.archives import collect, files_archive
from local_test.engine import gpu_requests
from local_test.honoured_fields import check_honoured
from local_test.labels import TRAINING, labels

SECONDS_TO_STOP = 120  # between SIGTERM and SIGKILL
MAX_REASON = 1024  # characters of the failure file that become FailureReason


@dataclass(frozen=True)
class TrainingResult:
    """status: Completed, Failed or Stopped. model, output: archives on this machine, None where the job wrote nothing."""

    status: str
    failure_reason: str | None
    model: Path | None
    output: Path | None
    seconds: float


def run_training_job(client: DockerClient, request: dict, on_log: Callable[[str], None]) -> TrainingResult:
    """Run one CreateTrainingJob request to its end. `on_log` gets each line that the container prints.

    The container is removed whatever happens, also on Ctrl-C. Raises NotHonoured or ValueError for a request that
    cannot be run here, before anything is started.
    """
    check_honoured(request)
    folders = opt_ml.channel_folders(request)
    destination = opt_ml.local_path(request["OutputDataConfig"]["S3OutputPath"]) / request["TrainingJobName"] / "output"
    seconds_allowed = request["StoppingCondition"]["MaxRuntimeInSeconds"]
    container = _create(client, request, folders)
    started = time.monotonic()
    expired = []
    limit = Timer(seconds_allowed, lambda: (expired.append(True), _stop(container)))
    try:
        _lay_out(container, request)
        container.start()
        limit.start()
        for line in _lines(container.logs(stream=True, follow=True)):
            on_log(line)
        exit_code = container.wait()["StatusCode"]
        seconds = time.monotonic() - started
        reason = failure_reason(exit_code, _failure_file(container))
        output = destination / "output.tar.gz"
        model = destination / "model.tar.gz"
        return TrainingResult(
            status="Stopped" if expired else "Completed" if exit_code == 0 else "Failed",
            failure_reason=None if expired else reason,
            model=model if (exit_code == 0 or expired) and collect(container, "/opt/ml/model", model) else None,
            output=output if collect(container, "/opt/ml/output/data", output) else None,
            seconds=seconds,
        )
    finally:
        limit.cancel()
        container.remove(force=True, v=True)


def failure_reason(exit_code: int, failure_file: str | None) -> str | None:
    """What DescribeTrainingJob would say: the first 1024 characters of the failure file, else the exit code."""
    if exit_code == 0:
        return None
    text = f"AlgorithmError: {failure_file or ''}, exit code: {exit_code}"
    return text[:MAX_REASON]


def _create(client: DockerClient, request: dict, folders: dict[str, Path]) -> Container:
    image = request["AlgorithmSpecification"]["TrainingImage"]
    try:
        client.images.get(image)
    except ImageNotFound:
        raise ValueError(f"There is no image {image} on this machine. Build it with `make build`.") from None
    return client.containers.create(
        image,
        ["train"],
        hostname=opt_ml.HOST,  # the toolkit waits until its own name resolves
        environment=opt_ml.environment(request),
        mounts=[
            Mount(f"/opt/ml/input/data/{name}", str(folder), type="bind", read_only=True) for name, folder in folders.items()
        ],
        labels=labels(TRAINING, request["TrainingJobName"]),
        device_requests=gpu_requests(client),
        platform="linux/amd64",
    )


def _lay_out(container: Container, request: dict) -> None:
    """Make the folders and files that the platform makes before the container starts."""
    files = {f"input/config/{name}": text for name, text in opt_ml.config_files(request).items()}
    # They live in the container: nothing of root's appears in the user's tree.
    container.put_archive("/", _folders("opt/ml/model", "opt/ml/output/data", "opt/ml/checkpoints", "opt/ml/input/config"))
    container.put_archive("/opt/ml", files_archive(files))


def _folders(*paths: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in paths:
            member = tarfile.TarInfo(path)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
    return buffer.getvalue()


def _stop(container: Container) -> None:
    try:
        container.stop(timeout=SECONDS_TO_STOP)
    except NotFound:
        pass  # it ended by itself in this instant


def _failure_file(container: Container) -> str | None:
    try:
        stream, _ = container.get_archive("/opt/ml/output/failure")
    except NotFound:
        return None
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        return archive.extractfile(archive.next()).read().decode(errors="replace")


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace").rstrip("\r") for line in whole)
    if rest:
        yield rest.decode(errors="replace")
