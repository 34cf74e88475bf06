"""The hosts of one job: the containers of its instances and the network that joins them, from creation to removal.

Training jobs and processing jobs have them.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from docker.types import Mount

from local_test.host.emulator_settings import Platform
from local_test.host.labels import labels
from local_test.training.host_network import HostNetwork, join
from local_test.training.node import Exit, HostFiles, Node, Program


def host_names(count: int) -> list[str]:
    """`algo-1` to `algo-N`. Sorted as text, as the platform writes them."""
    return sorted(f"algo-{number}" for number in range(1, count + 1))


class JobHosts:
    """Created in one thread; `terminate` and `remove` may be called from any thread, at any time."""

    def __init__(self, platform: Platform, kind: str, job: str, names: list[str], isolated: bool):
        """kind: of the job, a label. names: of the hosts. isolated: the hosts reach each other and nothing else."""
        self._platform, self._job, self.names, self._isolated = platform, job, names, isolated
        self.labels = labels(kind, job, platform.service)
        self._nodes: list[Node] = []
        self._began = int(time.time())

    @property
    def first_stream(self) -> str:
        """Log stream of the first host: for what is said about the job before any host prints.

        Clients that follow a job's log take the first streams that they see for those of its hosts, and look no more.
        """
        return self._stream(self.names[0])

    @property
    def nodes(self) -> list[Node]:
        """The hosts that there are at the moment, in the order of their names."""
        return list(self._nodes)

    def create(
        self,
        program: Program,
        role: str,
        files: list[HostFiles],
        warn: Callable[[str], None],
        cleanup: ExitStack,
        cpuset: str | None = None,
    ) -> None:
        """Create a container for each host; none is started. `cleanup` removes everything.

        Args:
            program: its environment is added to the variables with which programs reach AWS services.
            role: ARN of the role that the program has.
            files: of each host, in the order of their names.
            warn: gets a line for the job's log where the program cannot reach AWS services.
            cpuset: cores of the containers, such as `0-1`; None: all.

        Raises IsolationFailed, ImageNotBuilt, and docker's APIError.
        """
        engine = self._platform.engine
        self._began = int(time.time())
        network = None
        if len(self.names) > 1:
            name = f"{self._platform.service}-{self._platform.region}-{self._job}"
            network = join(engine, name, self.names, self._isolated, self.labels)
            cleanup.callback(network.remove)
        access = self._access(role, program.environment, network, warn, cleanup)
        mounts: list[Mount] = []
        if not self._isolated:
            hosts = [*self.names, *(network.addresses.values() if network else ())]
            environment = self._platform.environment_of_container(program.image, access, program.environment, hosts)
            program, mounts = replace(program, environment=environment), self._platform.trusted.mounts()
        cleanup.callback(self._nodes.clear)
        for host, found in zip(self.names, files, strict=True):
            options = network.options(host, engine) if network else self._alone(host)
            found = replace(found, mounts=[*found.mounts, *mounts])
            node = Node.create(engine, host, program, found, options, self.labels, cpuset)
            cleanup.callback(node.remove)
            self._nodes.append(node)

    def start(self) -> None:
        """Raises docker's APIError; the containers that have started then still run."""
        for node in self._nodes:
            node.container.start()

    def follow(self, hear: Callable[[str, list[str]], None]) -> list[tuple[Node, Exit]]:
        """Follow every host to its end, in the order in which they end. The first that fails takes the others with it.

        hear: gets the log stream of a host (`algo-1-1700000000`) and its next lines, from a thread for each host. What
        it raises ends the job."""
        ended: list[tuple[Node, Exit]] = []
        lock = threading.Lock()

        def follow(node: Node) -> None:
            exit_ = None
            try:
                with contextlib.closing(node.log()) as log:
                    for lines in log:
                        hear(self._stream(node.host), lines)
                exit_ = node.wait()
                with lock:
                    ended.append((node, exit_))
            finally:
                if exit_ is None or exit_.status != 0:
                    self.terminate(besides=node)

        with ThreadPoolExecutor(len(self._nodes), thread_name_prefix=f"log-{self._job}") as pool:
            for follower in [pool.submit(follow, node) for node in self._nodes]:
                follower.result()
        return ended

    def terminate(self, besides: Node | None = None) -> None:
        """SIGTERM to all, and SIGKILL after 120 seconds. Returns at once."""
        for node in self.nodes:
            if node is not besides:
                threading.Thread(target=node.terminate, daemon=True).start()

    def remove(self) -> None:
        """The containers go at once, running or not."""
        for node in self.nodes:
            node.remove()

    def _stream(self, host: str) -> str:
        return f"{host}-{self._began}"

    def _access(
        self,
        role: str,
        environment: Mapping[str, str],
        network: HostNetwork | None,
        warn: Callable[[str], None],
        cleanup: ExitStack,
    ) -> Mapping[str, str]:
        """Variables with which the hosts reach AWS services, until `cleanup`."""
        if self._isolated:
            return {}
        access = self._platform.container_access
        grant = access.grant(role, dict(environment))
        cleanup.callback(grant.end)
        if grant.missing:
            warn(grant.missing)
        if network:
            cleanup.callback(access.admit(network.subnet))
        return grant.variables

    def _alone(self, host: str) -> dict[str, Any]:
        """The network of a host without peers."""
        if self._isolated:
            # The toolkit waits until its own name resolves.
            return {"hostname": host, "network_mode": "none", "extra_hosts": {host: "127.0.0.1"}}
        return {"hostname": host}
