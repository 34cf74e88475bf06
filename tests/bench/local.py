"""`python -m tests.bench.local`: what the local SageMaker itself costs, beside the bare engine and a bare POST.

Writes out/bench/local.json. A job's start counts from the call of CreateTrainingJob to the container's first process;
its end from the last thing that the process did to `Completed`; an invocation from the first byte sent to the last one
read."""

import argparse
import http.client
import io
import os
import tarfile
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from docker import DockerClient
from docker.types import Mount

from local_test.api.access import Access
from local_test.api.callers import own_hosts
from local_test.api.http_request import RequestHead
from local_test.api.sigv4 import sign
from local_test.background import stop
from local_test.clean import remove_all
from local_test.host.engine import connect
from local_test.host.labels import ENDPOINT, find, labels
from local_test.serving.container_network import address
from tests.bench.figures import Figure, figure, write
from tests.bench.local_soak import soak_figures
from tests.local_service import Local, until

JOBS = 7
ENDPOINT_NAME = "bench-echo"
INVOCATIONS = 400
PICTURES = 600  # objects of the channel
PICTURE_BYTES = 100_000
LARGE_CHANNEL_BYTES = 1_000_000_000
MODEL_BYTES = 45_000_000  # what a ResNet18 weighs
SECONDS, MILLISECONDS, CHECK_MILLISECONDS = 1.0, 3.0, 1.0  # the limits
ECHO = b"""#!/usr/bin/env python
import http.server
class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    def do_GET(self):
        self.answer(b"")
    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"]))[:200])
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
http.server.ThreadingHTTPServer(("", 8080), Echo).serve_forever()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the local SageMaker.")
    parser.add_argument("--train-image", required=True)
    chosen = parser.parse_args()
    engine = connect()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=Path("out").resolve()) as folder:
        local = Local(Path(folder) / "state")
        try:
            figures = [
                *job_figures(local, engine, chosen.train_image),
                *invocation_figures(local, engine, chosen.train_image),
                *soak_figures(local, engine, ENDPOINT_NAME, lambda count: short_jobs(local, chosen.train_image, count)),
            ]
        finally:
            stop(local.folder)
            remove_all(engine, local.address.name)
    write(Path("out/bench/local.json"), figures, ["moto", "waitress", "docker", "boto3"])


def job_figures(local: Local, engine: DockerClient, image: str) -> list[Figure]:
    for number in range(PICTURES):
        local.put(f"bench/train/{number // 100}/{number}.jpg", os.urandom(1000))
    with tempfile.TemporaryFile() as zeros:
        zeros.truncate(LARGE_CHANNEL_BYTES)
        local.client("s3").upload_fileobj(zeros, local.address.bucket, "bench/large/zeros.bin")
    starts, large_starts, bare, ends, large_ends, packing = [], [], [], [], [], []
    for number in range(JOBS):
        starts.append(job(local, image, f"start-{number}", "date +begin=%s.%N", "begin")[0])
        large_starts.append(
            job(local, image, f"channel-{number}", "date +begin=%s.%N", "begin", channel="bench/large/")[0]
        )
        bare.append(bare_start(engine, image, local.folder))
        ends.append(job(local, image, f"end-{number}", "date +end=%s.%N", "end")[1])
        weights = f"head -c {MODEL_BYTES} /dev/urandom > /opt/ml/model/model.safetensors; sync; date +end=%s.%N"
        _, large = job(local, image, f"large-{number}", weights, "end")
        packing.append(packing_seconds())
        large_ends.append(large - packing[-1])
    return [
        figure(f"job start, {PICTURES} objects, to its first process", starts, SECONDS, "limit 1 s", "s", 1),
        figure(
            f"job start, one object of {LARGE_CHANNEL_BYTES / 1e9:g} GB", large_starts, SECONDS, "limit 1 s", "s", 1
        ),
        figure("  600 objects beside the bare engine", starts, bare, "docker create and start", "s", None),
        figure("job end, empty model, to Completed", ends, SECONDS, "limit 1 s", "s", 1),
        figure(f"job end, {MODEL_BYTES // 10**6} MB model, less its packing", large_ends, SECONDS, "limit 1 s", "s", 1),
        figure("  its packing, in a process alone", packing, SECONDS, "for scale: 1 s", "s", None),
    ]


def job(
    local: Local, image: str, name: str, script: str, mark: str, channel: str = "bench/train/"
) -> tuple[float, float]:
    """Seconds from the call of CreateTrainingJob to the moment that the script prints, and from there to Completed.

    channel: prefix of its only channel, in File mode.
    """
    api = local.client("sagemaker")
    called = time.time()
    api.create_training_job(
        TrainingJobName=name,
        RoleArn=local.address.role,
        OutputDataConfig={"S3OutputPath": local.uri("bench/jobs")},
        AlgorithmSpecification={
            "TrainingImage": image,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["sh", "-c", script],
        },
        InputDataConfig=[
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": local.uri(channel)}},
            }
        ],
        ResourceConfig={"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    describe = api.describe_training_job
    ended = until(lambda: (found := describe(TrainingJobName=name))["TrainingJobStatus"] != "InProgress" and found)
    assert ended["TrainingJobStatus"] == "Completed", ended
    [printed] = [
        line
        for line in local.log("/aws/sagemaker/TrainingJobs", f"{name}/").splitlines()
        if line.startswith(f"{mark}=")
    ]
    moment = float(printed.removeprefix(f"{mark}="))
    return moment - called, ended["TrainingEndTime"].timestamp() - moment


def bare_start(engine: DockerClient, image: str, folder: Path) -> float:
    """Seconds that the engine alone takes to create and start a container of this image."""
    began = time.time()
    container = engine.containers.create(
        image,
        ["-c", "date"],
        entrypoint=["sh"],
        labels=labels("bench", "bare"),
        mounts=[Mount("/opt/ml/input/data/train", str(folder), type="bind", read_only=True)],
    )
    try:
        container.start()
        container.wait()
        container.reload()
        started = container.attrs["State"]["StartedAt"]
        return datetime.fromisoformat(started[:26].rstrip("Z") + "+00:00").timestamp() - began
    finally:
        container.remove(force=True)


def packing_seconds() -> float:
    """Seconds to pack as much as the large model into a .tar.gz, as the service packs it."""
    content = os.urandom(MODEL_BYTES)
    began = time.monotonic()
    with tempfile.TemporaryFile() as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=0) as packed:
        member = tarfile.TarInfo("model.safetensors")
        member.size = len(content)
        packed.addfile(member, io.BytesIO(content))
    return time.monotonic() - began


def short_jobs(local: Local, image: str, count: int) -> None:
    for _ in range(count):
        job(local, image, f"short-{uuid.uuid4().hex[:8]}", "date +begin=%s.%N", "begin")


def invocation_figures(local: Local, engine: DockerClient, image: str) -> list[Figure]:
    name = ENDPOINT_NAME
    engine.images.build(fileobj=echo_context(image), custom_context=True, tag=f"{name}:1", rm=True)
    try:
        host, port = serve(local, engine, f"{name}:1")
        through = http.client.HTTPConnection("127.0.0.1", local.address.port)
        direct = http.client.HTTPConnection(host, port)
        body, target = os.urandom(PICTURE_BYTES), f"/endpoints/{name}/invocations"
        named = {"host": f"127.0.0.1:{local.address.port}"}
        signed = sign(
            "POST", target, named, body, local.key.id, local.key.secret, "us-east-1", "sagemaker", datetime.now(UTC)
        )
        ours, peer, checks = [], [], []
        for _ in range(INVOCATIONS):
            ours.append(post(through, target, body, signed))
            peer.append(post(direct, "/invocations", body, {}))
            checks.append(check(local, target, body, signed))
        added = [(one - other) for one, other in zip(ours, peer, strict=True)]
    finally:
        engine.images.remove(f"{name}:1", force=True)
    return [
        figure(f"InvokeEndpoint, {PICTURE_BYTES // 1000} kB, what it adds", added, MILLISECONDS, "limit 3 ms", "ms", 1),
        figure(
            "  of it, the check of who sent it and of the signature", checks, CHECK_MILLISECONDS, "limit 1 ms", "ms", 1
        ),
        figure("  the same beside a POST to the container", ours, peer, "POST /invocations", "ms", None),
    ]


def check(local: Local, target: str, body: bytes, headers: dict[str, str]) -> float:
    """Milliseconds that the service takes to decide about such a request, with nothing else around it."""
    access = Access(lambda id: local.key if id == local.key.id else None)
    access.hosts = own_hosts(local.address.port)
    head = RequestHead.of("POST", target, {**headers, "content-type": "image/jpeg", "content-length": str(len(body))})
    environ = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    began = time.perf_counter()
    access.checked_body(access.examine(head), head, environ)
    return (time.perf_counter() - began) * 1000


def serve(local: Local, engine: DockerClient, image: str) -> tuple[str, int]:
    """An endpoint of the echo image; returns where the service connects to its container."""
    api, name = local.client("sagemaker"), ENDPOINT_NAME
    api.create_model(ModelName=name, ExecutionRoleArn=local.address.role, PrimaryContainer={"Image": image})
    api.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {"VariantName": "v", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.g4dn.xlarge"}
        ],
    )
    api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    until(lambda: api.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService")
    [container] = find(engine, ENDPOINT, local.address.name)
    return address(container, 8080)


def post(connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> float:
    """Milliseconds of one request on a kept-alive connection."""
    began = time.perf_counter()
    connection.request("POST", path, body, {"Content-Type": "image/jpeg", **headers})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200
    return (time.perf_counter() - began) * 1000


def echo_context(image: str) -> io.BytesIO:
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for path, content in (
            ("Dockerfile", f"FROM {image}\nCOPY serve /usr/local/bin/serve\nENTRYPOINT []\n".encode()),
            ("serve", ECHO),
        ):
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    context.seek(0)
    return context


if __name__ == "__main__":
    main()
