"""The course of the serving bench: every server in its best setting, then rounds in which each has its turn, alone on
the machine.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from docker import DockerClient

from local_test.host.engine import gpu_requests
from local_test.host.labels import labels
from tests.bench.serving.measured import CLIENTS, LOOP, Measured, Turn
from tests.bench.serving.peer_image import CannotInstall, peer_image
from tests.bench.serving.room import MODEL, Room
from tests.bench.serving.server import (
    LITSERVE,
    LITSERVE_BEST,
    OURS,
    RAY,
    RAY_BATCHES,
    STOCK,
    TORCHSERVE,
    Server,
    litserves,
    ours,
    rays,
    stock,
    top_label,
    torchserves,
)

TRIAL, TRIAL_SECONDS = 16, 6  # clients and seconds that a setting is tried with
STARTS = 3
AGREE = 0.95  # share of the photographs; below it the servers do not compute the same
PACKAGES = [
    "torch",
    "torchvision",
    "pillow",
    "sagemaker-inference",
    "multi-model-server",
    "litserve",
    "ray",
    "torchserve",
]
VERSIONS = """
import importlib.metadata, json
print(json.dumps({found.name.lower().replace("_", "-"): found.version for found in importlib.metadata.distributions()}))
"""


class Bench:
    """Every server has a room, and stands still there while another is measured."""

    def __init__(self, stack: ExitStack, engine: DockerClient, image: str, data: Path):
        self._stack, self._engine, self._image, self._data = stack, engine, image, data
        self._gpus = gpu_requests(engine)
        self._rooms: dict[str, tuple[Server, Room]] = {}
        self._left_out: dict[str, str] = {}
        self.found = Measured({}, [], {}, {OURS: [], STOCK: [], RAY: []}, {}, bool(self._gpus))

    def open(self) -> None:
        """Make the model, start every server in its best setting, and see that all of them answer alike, which warms
        them up.
        """
        self._model = self._stack.enter_context(volume(self._engine))
        self._loop = self._stack.enter_context(self._room())
        self._loop.run("random_model.py", MODEL)
        self._enter(ours(self._image))
        self._enter(stock(self._peer("stock", needs_java=True)))
        lit = self._peer("litserve", needs_java=False)
        for name in (LITSERVE, LITSERVE_BEST):
            self._enter(self._best(litserves(lit, name)))
        ray = self._peer("ray", needs_java=False)
        for name in (RAY, RAY_BATCHES):
            self._enter(self._best(rays(ray, name)))
        try:
            self._enter(self._best(torchserves(self._peer("torchserve", needs_java=True))))
        except (CannotInstall, RuntimeError) as error:
            self._left_out[TORCHSERVE] = "left out: it does not run here"
            print(f"{TORCHSERVE} is left out, it does not run here: {error}", flush=True)
        assert min(self.found.same.values()) >= AGREE, f"the servers' answers differ: {self.found.same}"

    def round(self, seconds: float) -> None:
        for name, (server, room) in self._rooms.items():
            room.resume()
            for clients in CLIENTS:
                turn = Turn.of(room.run("load.py", server.path, str(clients), str(seconds)))
                self.found.turns[name][clients].append(turn)
                print(
                    f"  {name}, {clients}: {turn.throughput:.1f}/s, {turn.median:.0f} ms, p99 {turn.p99:.0f} ms",
                    flush=True,
                )
            room.pause()
        self.found.loop.append(self._loop.run("limit.py", MODEL, str(seconds / 2)))
        self.found.labels[LOOP] = self.found.loop[-1].pop("labels")
        print(f"  {LOOP}: {self.found.loop[-1]}", flush=True)

    def start_again(self) -> None:
        """From `docker run` to the first right answer, in turn; all files have been read before."""
        for _ in range(STARTS):
            for name, seconds in self.found.starts.items():
                with self._room() as room:
                    took, answer = room.start(self._rooms[name][0])
                assert top_label(answer) == self.found.labels[STOCK][0], f"{name}: {answer}"
                seconds.append(took)
                print(f"  {name}, cold start: {took:.2f} s", flush=True)

    def versions(self) -> dict[str, str]:
        """Of the packages in the images of the servers that were measured, and the settings in which they were."""
        found = {f"{name}, setting": server.setting for name, (server, _) in self._rooms.items()} | self._left_out
        for server, _ in self._rooms.values():
            printed = self._engine.containers.run(
                server.image,
                ["-c", VERSIONS],
                entrypoint=["python"],
                network_mode="none",
                remove=True,
                labels=labels("bench", "versions"),
            )
            found |= {name: version for name, version in json.loads(printed).items() if name in PACKAGES}
        return found

    def _enter(self, server: Server) -> None:
        room = self._stack.enter_context(self._room())
        took, _ = room.start(server)
        named = [top_label(answer) for answer in room.run("answers.py", server.path)]
        room.pause()
        print(f"{server.name}, {server.setting}: first answer after {took:.1f} s", flush=True)
        found = self.found
        self._rooms[server.name] = server, room
        found.labels[server.name] = named
        found.turns[server.name] = {clients: [] for clients in CLIENTS}
        found.gigabytes[server.name] = self._engine.images.get(server.image).attrs["Size"] / 1e9

    def _best(self, settings: list[Server]) -> Server:
        """The setting with the highest throughput."""
        throughputs = {}
        for number, server in enumerate(settings):
            with self._room() as room:
                room.start(server)
                throughputs[number] = Turn.of(
                    room.run("load.py", server.path, str(TRIAL), str(TRIAL_SECONDS))
                ).throughput
            print(f"{server.name}, {server.setting}: {throughputs[number]:.1f}/s", flush=True)
        return settings[max(throughputs, key=throughputs.get)]

    def _peer(self, name: str, needs_java: bool) -> str:
        return self._stack.enter_context(peer_image(self._engine, self._image, name, needs_java))

    def _room(self) -> Room:
        return Room(self._engine, self._image, self._data, self._model, self._gpus)


@contextmanager
def volume(engine: DockerClient) -> Iterator[str]:
    """The name of a volume for the model."""
    made = engine.volumes.create(labels=labels("bench", "model"))
    try:
        yield made.name
    finally:
        made.remove(force=True)
