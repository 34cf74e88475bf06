"""The service: one process that holds the local SageMaker and the AWS services around it, from its start to its end."""

import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from moto.iam.models import iam_backends

from local_test import service_address
from local_test.api.access import Access
from local_test.api.access_keys import AccessKeys
from local_test.api.callers import own_hosts
from local_test.api.control import Control
from local_test.api.front import Front
from local_test.api.http_server import HttpServer
from local_test.api.moto_services import MotoServices
from local_test.api.other_services import OtherServices, replayed
from local_test.api.schedule_keeper import ScheduleKeeper
from local_test.clean import remove_all
from local_test.environment import SDK_CONFIG, sdk_config
from local_test.host import folder_lock
from local_test.host.container_access import ContainerAccess
from local_test.host.container_proxies import ContainerProxies
from local_test.host.emulator_settings import ACCOUNT, Platform
from local_test.host.engine import connect
from local_test.host.engine_reach import check_reach
from local_test.host.identity import identity_of, make_private
from local_test.host.state import State
from local_test.host.trusted_certificates import TrustedCertificates
from local_test.host.writable_folder import WritableFolders
from local_test.interception.interception import Interception
from local_test.interception.upstream import Upstream
from local_test.regions import Regions, kept_regions, monitored_region
from local_test.registry.on_demand import OnDemandRegistry
from local_test.service_address import Address
from local_test.storage.journal import Journal
from local_test.storage.local_files import LocalFiles
from local_test.storage.log_groups import LogGroups
from local_test.storage.metrics import Metrics
from local_test.storage.object_store import ObjectStore

ROLE = "local-sagemaker"
TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": '
    '"sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
)


class Service:
    """A local SageMaker whose state is in `folder`. A context: it serves inside, and leaves no container behind."""

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        region: str = "us-east-1",
        allow_files: Sequence[Path] = (),
        strict: bool | None = None,
    ):
        """port: on loopback; None takes the one that this folder's service had, if it is free, else a free one.

        allow_files: folders below which file:// URIs of requests may lead; none means the working folder.
        strict: refuse fields of requests that have no effect on one machine; None: as this folder's service did last.
        Raises AlreadyRunning, NoEngine, and OSError when the port is taken or the folder is another user's.
        """
        make_private(folder)
        self.folder = folder.resolve()
        self._region = region
        self._wanted_port = port
        self._allow_files = tuple(path.resolve() for path in allow_files or [Path.cwd()])
        self._strict = strict

    def __enter__(self) -> "Service":
        self._lock = folder_lock.hold(self.folder)
        try:
            self._start()
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _start(self) -> None:
        identity = identity_of(self.folder)
        self.name = identity.name
        earlier = service_address.read(self.folder)
        strict = bool(earlier and earlier.strict) if self._strict is None else self._strict
        engine = connect()
        remove_all(engine, self.name)
        check_reach(engine, self.name, self.folder)
        spool = self.folder / "spool"
        shutil.rmtree(spool, ignore_errors=True)  # what an earlier service had not finished
        spool.mkdir()
        tempfile.tempdir = str(spool)  # large requests are other people's pictures, too: nothing of them goes to /tmp

        # What other parts of the service are about comes back before them: buckets before their settings, logs before
        # jobs.
        objects = ObjectStore(self.folder / "s3", ACCOUNT, self._region)
        logs = LogGroups(ACCOUNT, self._region, self.folder / "logs")
        metrics = Metrics(ACCOUNT, self._region, self.folder / "metrics")
        monitored = {name: monitored_region(self.folder, name) for name in kept_regions(self.folder)}
        bucket = f"sagemaker-{self._region}-{ACCOUNT}"  # what the SDK takes by default
        objects.ensure_bucket(bucket)
        role = iam_backends[ACCOUNT]["aws"].create_role(ROLE, TRUST, "/", None, "", [], "3600").arn
        moto = MotoServices()
        journal = Journal(self.folder / "journal.jsonl")
        journal.replay(replayed(moto))

        registry = OnDemandRegistry(
            engine, self.name, ACCOUNT, earlier.registry_port if earlier else None, self._remember_registry, self.folder
        )
        keys = AccessKeys(identity.access_key, ACCOUNT)
        keys.owner_is(role)
        platform = Platform(
            engine,
            self.name,
            self.folder,
            self._region,
            State(self.folder / "records"),
            objects,
            logs,
            metrics,
            registry.local_image,
            LocalFiles(self._allow_files, self.folder),
            ContainerAccess.through(engine, keys, self._region),
            WritableFolders(engine, self.name, self.folder),
            TrustedCertificates.of_machine(os.environ, self.folder),
            ContainerProxies.of_machine(os.environ),
            strict,
        )
        self._regions = Regions(platform, registry, monitored)

        access = Access(keys.find)
        front = Front(
            access,
            self._regions,
            Control(self._status, self._regions, self._intercept),
            OtherServices(moto, objects, logs, journal),
            identity.access_key.id,
        )
        containers = platform.container_access
        self._server = _listening_server(front, access, containers, self._wanted_port, earlier.port if earlier else 0)
        containers.port = self._server.gateway_port or self._server.port
        access.hosts = own_hosts(self._server.port, containers.netloc)
        self.address = Address(
            f"http://127.0.0.1:{self._server.port}",
            self.name,
            os.getpid(),
            self._region,
            bucket,
            role,
            earlier.registry_port if earlier else None,
            tuple(map(str, self._allow_files)),
            strict,
        )
        self.address.write(self.folder)
        (self.folder / SDK_CONFIG).write_text(sdk_config(bucket, role))
        self._regions.recover()
        self._schedules = ScheduleKeeper(lambda region, *call: self._regions[region].api.call(*call), journal)
        self._schedules.start()
        self._interception = Interception(self.folder, self._server.port)
        self._interception.resume()
        self._server.start()

    def stop(self) -> None:
        """End everything: jobs that run have failed, endpoints are gone. Containers and networks are removed."""
        with ExitStack() as ending:  # every step is taken, whatever another one raises; the last one first
            ending.callback(self._lock.close)
            ending.callback(lambda: remove_all(connect(), self.name))
            ending.callback(self._regions.stop_registries)
            ending.callback(self._regions.stop_runtimes)
            ending.callback(self._regions.stop_all)
            ending.callback(self._server.stop)
            self._schedules.stop()
            self._interception.stop()

    def _status(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "pid": os.getpid(),
            "endpoints": self._regions.endpoints(),
        }

    def _intercept(self, proxy: str, no_proxy: str) -> None:
        self._interception.start(Upstream(proxy, no_proxy))

    def _remember_registry(self, port: int) -> None:
        self.address = Address(**{**self.address.__dict__, "registry_port": port})
        self.address.write(self.folder)


def _listening_server(
    application: Front, access: Access, containers: ContainerAccess, wanted: int | None, earlier: int
) -> HttpServer:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that a request waits for a thread is no news
    if wanted is None and earlier:
        try:
            return HttpServer(application, access.examine, earlier, containers.gateway, containers.admits)
        except OSError:
            pass  # somebody else has taken it meanwhile
    try:
        return HttpServer(application, access.examine, wanted or 0, containers.gateway, containers.admits)
    except OSError as error:
        if not wanted:
            raise
        raise OSError(
            f"The local SageMaker cannot listen at port {wanted}: {os.strerror(error.errno or 0)}. Name another, or "
            "leave --port out for a free one."
        ) from error
