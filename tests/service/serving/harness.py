"""Models, endpoints and invocations behind one HTTP address: the parts of the service that serving is about."""

import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local_test.api.access import Access
from local_test.api.access_keys import AccessKeys
from local_test.api.callers import own_hosts
from local_test.api.front import Front
from local_test.api.http_server import HttpServer
from local_test.api.moto_services import MotoServices
from local_test.api.other_services import OtherServices
from local_test.api.sagemaker_api import SageMakerApi
from local_test.api.tags import Tags
from local_test.host.emulator_settings import ACCOUNT, Platform
from local_test.host.identity import new_access_key
from local_test.host.labels import NAME, find, remove
from local_test.serving.endpoint_configs import EndpointConfigs
from local_test.serving.endpoints import Endpoints
from local_test.serving.inference_components import InferenceComponents
from local_test.serving.models import Models
from local_test.serving.runtime import Runtime
from local_test.storage.journal import Journal
from tests.local_service import until

ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=60)


class Harness:
    """A context: it serves inside, and nothing of it is left after."""

    def __init__(self, platform: Platform, image: str):
        self.platform, self.image = platform, image
        tags = Tags(platform.state)
        models, configs = Models(platform, tags), EndpointConfigs(platform, tags)
        self.endpoints = Endpoints(platform, tags, models, configs)
        self.components = InferenceComponents(platform, tags, models, self.endpoints)
        self.runtime_app = Runtime(platform, self.endpoints, self.components)
        self._api = SageMakerApi(tags, models, configs, self.endpoints, self.components)
        self._key = new_access_key("AKIA")

    def __enter__(self) -> "Harness":
        self.endpoints.recover()
        self.components.recover()
        self.runtime_app.recover()
        access = Access(AccessKeys(self._key, ACCOUNT).find)
        others = OtherServices(
            MotoServices(), self.platform.objects, self.platform.logs, Journal(self.platform.folder / "journal.jsonl")
        )
        regions = {self.platform.region: SimpleNamespace(api=self._api, runtime=self.runtime_app)}
        self._server = HttpServer(Front(access, regions, None, others, self._key.id), access.examine, 0)
        access.hosts = own_hosts(self._server.port)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.sagemaker, self.runtime = self.client("sagemaker"), self.client("sagemaker-runtime")
        self.s3, self.cloudwatch, self.logs = self.client("s3"), self.client("cloudwatch"), self.client("logs")
        return self

    def __exit__(self, *exception) -> None:
        for client in (self.sagemaker, self.runtime, self.s3, self.cloudwatch, self.logs):
            client.close()
        self._server.stop()
        self.endpoints.stop_all()
        self.components.stop_all()
        self.runtime_app.stop_all()

    def client(self, service: str):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=self.platform.region,
            aws_access_key_id=self._key.id,
            aws_secret_access_key=self._key.secret,
            config=ONCE,
        )

    def create_model(self, environment: dict | None = None, **changes) -> str:
        name = unique("model")
        container = {"Image": self.image, "Environment": environment or {}}
        of_container = ("ModelDataUrl", "ModelDataSource", "Mode", "MultiModelConfig")
        container |= {field: changes.pop(field) for field in of_container if field in changes}
        if "Containers" not in changes:
            changes["PrimaryContainer"] = container
        self.sagemaker.create_model(ModelName=name, **changes)
        return name

    def container(self, **environment) -> dict:
        """Definition of one of several containers, with this environment."""
        return {"Image": self.image, "Environment": environment}

    def serve(self, model: str, count: int = 1, **more) -> str:
        """An endpoint in service that has this model."""
        return self.in_service(self.create(self.create_config(variant(model, count=count), **more)))

    def create_config(self, *variants: dict, **more) -> str:
        name = unique("config")
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=list(variants), **more)
        return name

    def config_of(self, environment: dict | None = None, **more) -> str:
        """A configuration of one variant whose container has this environment."""
        return self.create_config(variant(self.create_model(environment)), **more)

    def create(self, config: str, **more) -> str:
        name = unique("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, **more)
        return name

    def deploy(self, environment: dict | None = None, **more) -> str:
        """An endpoint in service."""
        return self.in_service(self.create(self.config_of(environment, **more)))

    def in_service(self, name: str) -> str:
        described = self.settled(name)
        assert described["EndpointStatus"] == "InService", described
        return name

    def settled(self, name: str) -> dict:
        """The endpoint's description once nothing is under way."""

        def look():
            described = self.sagemaker.describe_endpoint(EndpointName=name)
            return described if described["EndpointStatus"] in ("InService", "Failed") else None

        return until(look)

    def ask(self, endpoint: str, do: str | None = None, **more) -> str:
        """What the container answers to {"do": ...}; see serve.py. Capitalised names go to boto3."""
        options = {name: more.pop(name) for name in list(more) if name[0].isupper()}
        body = json.dumps({"do": do, **more})
        answer = self.runtime.invoke_endpoint(
            EndpointName=endpoint, Body=body, ContentType="application/json", **options
        )
        return answer["Body"].read().decode()

    def who(self, endpoint: str, **options) -> str:
        return json.loads(self.ask(endpoint, "who", **options))["who"]

    def delete(self, endpoint: str) -> None:
        """Whatever its status: an endpoint that is in progress cannot be deleted, so its containers are ended first."""

        def gone_or_deleting() -> bool:
            try:
                if self.status(endpoint) not in ("Creating", "Updating", "RollingBack"):
                    self.sagemaker.delete_endpoint(EndpointName=endpoint)
                    return True
            except ClientError as error:
                if "Could not find endpoint" in str(error):
                    return True
                if "in-progress" not in str(error):
                    raise
            for container in find(self.platform.engine, service=self.platform.service):
                if container.labels[NAME] == endpoint:
                    remove(container)
            return False

        until(gone_or_deleting)

    def status(self, endpoint: str) -> str:
        return self.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """The contents of a bucket by key."""
        found = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {one["Key"]: self.s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found}

    def statistic(self, endpoint: str, metric: str, kind: str = "Sum") -> float:
        """Of one of the endpoint's metrics in CloudWatch, over the last minutes; kind: Sum, SampleCount, Minimum."""
        now = time.time()
        points = self.cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "AllTraffic"}],
            StartTime=now - 600,
            EndTime=now + 60,
            Period=3600,
            Statistics=[kind],
        )["Datapoints"]
        return sum(point[kind] for point in points)


def variant(model: str, name: str = "AllTraffic", count: int = 1, weight: float = 1.0, **more) -> dict:
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": count,
        "InitialVariantWeight": weight,
        **more,
    }


def unique(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


class Load:
    """Requests without a pause from a few threads, for as long as the context lasts. answers: what came back, or the
    error.
    """

    def __init__(self, ask, threads: int = 4):
        self._ask, self._threads = ask, threads
        self._over = threading.Event()
        self.answers: list = []

    def __enter__(self) -> "Load":
        self._pool = ThreadPoolExecutor(self._threads)
        self._running = [self._pool.submit(self._run) for _ in range(self._threads)]
        return self

    def __exit__(self, *exception) -> None:
        self._over.set()
        self._pool.shutdown()
        for one in self._running:
            one.result()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self.answers.append(self._ask())
            except Exception as error:
                self.answers.append(error)
