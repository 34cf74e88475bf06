"""A real server in a process of its own, so that a test can kill it and start another on the same folder."""

import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).parents[3]


class Server:
    """The process that answers. `kill` is kill -9; `start` comes back on the same folder, at another port."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.local_test.storage.server", self.folder],
            # One arena: else the allocator keeps a buffer for each thread, and memory says little of what we hold.
            cwd=ROOT,
            env={**os.environ, "MALLOC_ARENA_MAX": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def restart(self) -> None:
        self.kill()
        self.start()

    def client(self, service: str):
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path / "state")
    yield server
    server.kill()


@pytest.fixture
def s3(server):
    """A client of the server as it was when the test began; after a restart ask for another."""
    client = server.client("s3")
    client.create_bucket(Bucket="pictures")
    yield client
    client.close()
