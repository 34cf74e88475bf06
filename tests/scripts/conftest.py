"""AWS for these tests: moto's server in this process, so that the programs run as they do, by environment variables
alone.
"""

import json
import os
import subprocess
import time
import urllib.request
from contextlib import suppress
from types import SimpleNamespace

import boto3
import botocore.loaders
import botocore.session
import pytest
from moto.server import ThreadedMotoServer

from contract import waits
from local_test.api.moto_additions import add_copies_of_components
from scripts.aws import clients as aws_module
from scripts.aws import docker_cli, image, jobs, waiting
from scripts.aws.clients import Aws
from scripts.config.settings import load_settings
from tests.scripts.account_services import closed_offices, offices, price_list, quotas, served_offices  # noqa: F401
from tests.scripts.console.screen import Terminal
from tests.scripts.policies.recording import checked, imported_programs, record
from tests.scripts.sagemaker_stand_in import StandIn, serve

BUCKET = "some-bucket"
ROLE = "arn:aws:iam::123456789012:role/dogs"


class Remembering(boto3.Session):
    """A session that makes each client once. botocore takes 50 ms for one, most of what a program's run costs here."""

    def __init__(self, **options):
        super().__init__(**options)
        self.events.register("before-parameter-build", record)
        self.made = {}

    def client(self, service, config=None):
        # A test may have set where the service is after it had its session.
        key = service, config, os.environ.get(f"AWS_ENDPOINT_URL_{service.replace('-', '_').upper()}")
        if key not in self.made:
            self.made[key] = super().client(service, config=config)
        return self.made[key]


@pytest.fixture(scope="session", autouse=True)
def sessions():
    """Programs whose environment is the same share a session, and all sessions share what they read of the service
    models.
    """
    loader, made = botocore.loaders.create_loader(), {}

    def session(**options):
        key = (
            *sorted(options.items()),
            *sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")),
        )
        if key not in made:
            made[key] = Remembering(**options)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", lambda *arguments: loader)  # what a session calls
        patch.setattr(waits, "SHORTEST", 60.0)  # a busy machine is no reason to say more
        patch.setattr(
            aws_module, "boto3", SimpleNamespace(Session=session)
        )  # of the programs alone: others use boto3, too
        yield
    for one in made.values():
        for client in one.made.values():
            client.close()


@pytest.fixture(scope="session", autouse=True)
def calls_are_allowed():
    """No program makes a call that its policy document does not allow."""
    with pytest.MonkeyPatch.context() as patch:
        for program in imported_programs():
            patch.setattr(program, "main", checked(program.main))
        yield


@pytest.fixture(scope="session")
def moto_server():
    add_copies_of_components()  # which moto does not know
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto_server, closed_offices, monkeypatch):  # noqa: F811
    """An empty account; the programs find it through the environment. The value is their connection to it."""
    request = urllib.request.Request(f"{moto_server}/moto-api/reset", method="POST")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()
    for name in list(os.environ):  # whatever the shell of these tests points at
        if name.startswith(("AWS_", "SAGEMAKER_")) or name == "IMAGE_PREFIX":
            monkeypatch.delenv(name)
    for name, value in {
        "AWS_ENDPOINT_URL": moto_server,
        **closed_offices,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "eu-west-1",
        "SAGEMAKER_ROLE": ROLE,
        "SAGEMAKER_BUCKET": BUCKET,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(waiting, "SHORTEST", 0.01)
    monkeypatch.setattr(jobs, "SILENCE", 0.02)
    return Aws(load_settings())


@pytest.fixture
def bucket(aws):
    aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return BUCKET


@pytest.fixture
def data(aws, bucket):
    """A picture in each split, where `upload` puts them."""
    for split in ("train", "valid", "test"):
        aws.client("s3").put_object(Bucket=bucket, Key=f"dogbreed/data/{split}/A/x.jpg", Body=b"x")


@pytest.fixture
def tag(monkeypatch, tmp_path):
    """Says what docker/tag.sh prints; a clean tree's tag at first."""
    program = tmp_path / "tag.sh"

    def set_tag(text: str):
        program.write_text(f"#!/bin/sh\necho {text}\n")
        program.chmod(0o755)

    set_tag("a86989924225")
    monkeypatch.setattr(image, "TAG_PROGRAM", program)
    return set_tag


class FakeDocker:
    """Takes the place of the docker command. images: facts by name; calls: every command; manifest: what a push
    leaves.
    """

    def __init__(self):
        self.images, self.calls, self.passwords = {}, [], []
        self.manifest = "application/vnd.docker.distribution.manifest.v2+json"
        self.layer, self.store = "application/vnd.oci.image.layer.v1.tar+gzip", [["Backing Filesystem", "extfs"]]
        self.pushed_to, self.tagged = None, {}

    def run(self, command: list[str], text: str | None) -> tuple[int, str, str]:
        words = command[1:]
        self.calls.append(" ".join(words))
        if words[:2] == ["image", "inspect"]:
            if words[2] not in self.images:
                return 1, "[]", f"Error: No such image: {words[2]}"
            return 0, json.dumps([self.images[words[2]]]), ""
        if words[0] == "info":
            return 0, json.dumps(self.store), ""
        if words[0] == "tag":
            self.tagged[words[2]] = self.images[words[1]]
        if words[0] == "login":
            self.passwords.append(text)
        if words[0] == "push":
            name, _, image_tag = words[1].rpartition("/")[2].rpartition(":")
            digest = self.tagged.get(words[1], {"Id": image_tag})["Id"]
            manifest = {
                "schemaVersion": 2,
                "mediaType": self.manifest,
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 9, "digest": digest},
                "layers": [{"mediaType": self.layer, "size": 7, "digest": "sha256:" + "7" * 64}],
            }
            self.pushed_to.put_image(
                repositoryName=name,
                imageTag=image_tag,
                imageManifest=json.dumps(manifest),
                imageManifestMediaType=self.manifest,
            )
        return 0, "", ""


@pytest.fixture
def docker(monkeypatch, aws):
    fake, real = FakeDocker(), subprocess.run

    def run(command, **options):
        if command[0] != "docker":
            return real(command, **options)
        status, out, err = fake.run(command, options.get("input"))
        return subprocess.CompletedProcess(command, status, out, err)

    monkeypatch.setattr(docker_cli.subprocess, "run", run)
    fake.pushed_to = aws.client("ecr")
    return fake


@pytest.fixture
def pushed_images(aws, docker, tag):
    """Both images of the present tag are in ECR."""
    for name in ("dogbreed-train", "dogbreed-serve"):
        aws.client("ecr").create_repository(repositoryName=name)
        docker.run(["docker", "push", f"host/{name}:a86989924225"], None)
    docker.calls.clear()


@pytest.fixture(scope="session")
def stand_in():
    stand_in = StandIn()
    server = serve(stand_in)
    yield stand_in, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def sagemaker(aws, monkeypatch, stand_in):
    """SageMaker as a test writes it down; every other service stays moto's."""
    found, address = stand_in
    found.forget()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", address)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", address)
    return found


@pytest.fixture
def endpoint_in_service(sagemaker):
    sagemaker.answers["DescribeEndpoint"] = {
        "EndpointName": "dogbreed",
        "EndpointStatus": "InService",
        "EndpointConfigName": "dogbreed-1",
        "CreationTime": 1,
    }
    return sagemaker


@pytest.fixture
def write_log(aws):
    """Write lines into CloudWatch: `write_log(group, stream, "line", ...)`."""
    logs = aws.client("logs")

    def write(group: str, stream: str, *lines: str):
        for make, names in (
            (logs.create_log_group, {"logGroupName": group}),
            (logs.create_log_stream, {"logGroupName": group, "logStreamName": stream}),
        ):
            with suppress(logs.exceptions.ResourceAlreadyExistsException):
                make(**names)
        now = int(time.time() * 1000)
        logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": now + n, "message": line} for n, line in enumerate(lines)],
        )

    return write


@pytest.fixture
def terminal(monkeypatch):
    """Makes terminals on which lines can be drawn anew: `terminal(lines, columns)`."""
    made = []

    def make(lines: int, columns: int) -> Terminal:
        for name in ("NO_COLOR", "CI"):
            monkeypatch.delenv(name, raising=False)
        # rich asks the terminals of this process for their size, and these variables before them.
        for name, value in {"TERM": "xterm-256color", "LINES": str(lines), "COLUMNS": str(columns)}.items():
            monkeypatch.setenv(name, value)
        made.append(Terminal(lines, columns))
        return made[-1]

    yield make
    for one in made:
        one.close()
