"""The SageMaker of each region: its jobs, models and endpoints, its logs and metrics, its repositories.

A request is for the region that its signature names. What a region has is its own: the same name in two of them is two
jobs. S3 and IAM are everybody's, as on AWS. A region other than the service's own is made when it is first asked for,
in a folder of its own.
"""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import botocore.session

from contract.atomic_write import write_atomically
from local_test.api.errors import ApiError, ValidationException
from local_test.api.sagemaker_api import SageMakerApi
from local_test.api.tags import Tags
from local_test.host.emulator_settings import ACCOUNT, Platform
from local_test.host.state import State
from local_test.processing.processing_jobs import ProcessingJobs
from local_test.registry.ecr import LocalEcr
from local_test.registry.on_demand import OnDemandRegistry
from local_test.serving.endpoint_configs import EndpointConfigs
from local_test.serving.endpoints import Endpoints
from local_test.serving.inference_components import InferenceComponents
from local_test.serving.models import Models
from local_test.serving.runtime import Runtime
from local_test.storage.log_groups import LogGroups
from local_test.storage.metrics import Metrics
from local_test.training.training_jobs import TrainingJobs
from local_test.transform.transform_jobs import TransformJobs
from local_test.tuning.tuning_jobs import TuningJobs

FOLDER = "regions"  # in the service's; what its own region keeps is beside it
REGISTRY_PORT = "registry_port"

Monitored = tuple[LogGroups, Metrics]


class Region:
    """api: its control plane. runtime: the WSGI application of `/endpoints/...`."""

    def __init__(self, platform: Platform, registry: OnDemandRegistry):
        LocalEcr(registry, ACCOUNT, platform.region)  # takes moto's ECR over
        tags = Tags(platform.state)
        models = Models(platform, tags)
        configs = EndpointConfigs(platform, tags)
        self.endpoints = Endpoints(platform, tags, models, configs)
        components = InferenceComponents(platform, tags, models, self.endpoints)
        self.training_jobs = TrainingJobs(platform, tags)
        tuning_jobs = TuningJobs(platform, tags, self.training_jobs)
        transform_jobs = TransformJobs(platform, tags, models)
        processing_jobs = ProcessingJobs(platform, tags)
        self.runtime = Runtime(platform, self.endpoints, components)
        self.api = SageMakerApi(
            tags,
            models,
            configs,
            self.training_jobs,
            processing_jobs,
            tuning_jobs,
            transform_jobs,
            self.endpoints,
            components,
        )
        self.registry = registry
        self.parts = (self.training_jobs, processing_jobs, tuning_jobs, transform_jobs, self.endpoints, components)
        # Tuning jobs at last: they go on, with training jobs of their own, which must find everything in its place.
        self._in_order = (
            self.training_jobs,
            processing_jobs,
            transform_jobs,
            self.endpoints,
            components,
            self.runtime,
            tuning_jobs,
        )

    def recover(self) -> None:
        """Take up what an earlier service left."""
        for part in self._in_order:
            part.recover()


class Regions:
    """Safe to use from many threads."""

    def __init__(self, home: Platform, registry: OnDemandRegistry, monitored: Mapping[str, Monitored]):
        """home: of the service's own region. registry: its. monitored: of `kept_regions`, already put back."""
        self._platform, self._monitored = home, dict(monitored)
        self._lock = threading.Lock()
        self._regions = {home.region: Region(home, registry)}

    def __getitem__(self, name: str) -> Region:
        """Raises ValidationException for what is no region."""
        if found := self._regions.get(name):
            return found
        if name not in aws_regions():
            raise ValidationException(
                f"{name} is no region of AWS's, or not one of its main partition. Name one in the client's region_name "
                f"or in AWS_REGION; this local SageMaker's own is {self._platform.region}."
            )
        with self._lock:
            if name not in self._regions:
                self._regions[name] = self._made(name)
            return self._regions[name]

    def recover(self) -> None:
        for name in self._monitored:
            self[name]
        for region in self._all().values():
            region.recover()

    def interrupt(self, job: str) -> None:
        """In whichever region it can be. Raises ApiError: the own region's, where it can be in none."""
        own, *others = self._all().values()
        for region in others:
            with suppress(ApiError):
                return region.training_jobs.interrupt(job)
        own.training_jobs.interrupt(job)

    def endpoints(self) -> list[str]:
        """Names; of another region than the service's own with the region."""
        return [
            one["EndpointName"] if region == self._platform.region else f"{one['EndpointName']} ({region})"
            for region, found in self._all().items()
            for one in found.endpoints.list_endpoints({})["Endpoints"]
        ]

    def stop_all(self) -> None:
        """Side by side: each part may have to wait half a minute for containers that do not listen to SIGTERM."""
        parts = [part for region in self._all().values() for part in region.parts]
        with ThreadPoolExecutor(len(parts)) as pool:
            ended = [pool.submit(part.stop_all) for part in parts]
        for one in ended:
            one.result()

    def stop_runtimes(self) -> None:
        for region in self._all().values():
            region.runtime.stop_all()

    def stop_registries(self) -> None:
        for region in self._all().values():
            region.registry.stop()

    def _all(self) -> dict[str, Region]:
        """The own one first; another may be made meanwhile."""
        return self._regions.copy()

    def _made(self, name: str) -> Region:
        home = self._platform
        folder = home.folder / FOLDER / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "spool").mkdir(exist_ok=True)
        logs, metrics = self._monitored.get(name) or monitored_region(home.folder, name)
        port = folder / REGISTRY_PORT
        registry = OnDemandRegistry(
            home.engine,
            f"{home.service}.{name}",
            ACCOUNT,
            int(port.read_text()) if port.exists() else None,
            lambda number: write_atomically(port, str(number), mode=0o600),
            folder,
            home.service,
        )
        platform = replace(
            home,
            folder=folder,
            region=name,
            state=State(folder / "records"),
            logs=logs,
            metrics=metrics,
            local_image=registry.local_image,
            container_access=home.container_access.in_region(name),
        )
        return Region(platform, registry)


def kept_regions(folder: Path) -> Iterable[str]:
    """Of an earlier service, beside its own. folder: the service's."""
    return sorted(found.name for found in (folder / FOLDER).glob("*") if found.name in aws_regions())


def monitored_region(folder: Path, name: str) -> Monitored:
    """Put back the logs and metrics of a region that is not the service's own. folder: the service's."""
    kept = folder / FOLDER / name
    return LogGroups(ACCOUNT, name, kept / "logs"), Metrics(ACCOUNT, name, kept / "metrics")


@cache
def aws_regions() -> frozenset[str]:
    """Of the main partition, as botocore knows them."""
    return frozenset(botocore.session.get_session().get_available_regions("sagemaker", partition_name="aws"))
