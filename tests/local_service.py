"""A local SageMaker in a process of its own, as boto3 sees it."""

import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config

from local_test.background import start
from local_test.host.identity import access_key_of


class Local:
    """A running service. client("s3"): a boto3 client of it. until(...): wait for a condition, not for a time."""

    def __init__(self, folder: Path, files: Path | None = None):
        """files: what file:// URIs of requests may reach; without it the folder of temporary files."""
        self.folder = folder
        self.address = start(folder, None, [files or Path(tempfile.gettempdir())])
        self.key = access_key_of(folder)
        self._clients = {}

    def client(self, name: str, **options):
        if name not in self._clients or options:
            made = boto3.session.Session().client(
                name,
                endpoint_url=self.address.url,
                region_name=self.address.region,
                aws_access_key_id=self.key.id,
                aws_secret_access_key=self.key.secret,
                config=Config(retries={"max_attempts": 0}, **options),
            )
            if options:
                return made
            self._clients[name] = made
        return self._clients[name]

    def uri(self, key: str) -> str:
        return f"s3://{self.address.bucket}/{key}"

    def keys(self, prefix: str) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket=self.address.bucket, Prefix=prefix)
        return [one["Key"] for one in found.get("Contents", [])]

    def put(self, key: str, body: bytes) -> str:
        self.client("s3").put_object(Bucket=self.address.bucket, Key=key, Body=body)
        return self.uri(key)

    def read(self, key: str) -> bytes:
        return self.client("s3").get_object(Bucket=self.address.bucket, Key=key)["Body"].read()

    def log(self, group: str, name: str) -> str:
        """Everything that a job or an endpoint has printed, all streams together."""
        logs = self.client("logs")
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, logStreamNamePrefix=name)
            return "\n".join(event["message"] for page in pages for event in page["events"])
        except logs.exceptions.ResourceNotFoundException:
            return ""  # nothing has printed anything yet


def until(condition, seconds: float = 60, what: str = ""):
    """The condition's first value that counts as true. Fails the test when there is none in time."""
    began = time.monotonic()
    while not (value := condition()):
        waited = time.monotonic() - began
        assert waited < seconds, what or f"not within {seconds} s"
        time.sleep(pause(waited))
    return value


def pause(waited: float) -> float:
    """Seconds to the next look, after so many: a twentieth, so that looking takes nothing from what is waited for."""
    return min(max(waited / 20, 0.02), 0.25)
