"""What was measured of the servers and of the bare loop, and the figures that follow."""

import math
import os
from dataclasses import dataclass
from statistics import mean, median

from tests.bench.figures import Figure, figure
from tests.bench.serving.server import LITSERVE, LITSERVE_BEST, OURS, RAY, RAY_BATCHES, STOCK

CLIENTS = (1, 4, 16, 64)
LOOP = "the bare loop"


@dataclass(frozen=True)
class Turn:
    """One server under one load, once. throughput: pictures per second. median, p95, p99: milliseconds. client: the
    same, of processor time that a request costs the client. answered: share of the requests; the others were refused
    with 503."""

    throughput: float
    median: float
    p95: float
    p99: float
    answered: float
    client: float

    @classmethod
    def of(cls, load: dict) -> "Turn":
        """load: what load.py prints."""
        latencies = sorted(load["milliseconds"])
        assert latencies, "not one answer within the time: ask for more --seconds"
        count = len(latencies)
        of_rank = [latencies[math.ceil(share * count) - 1] for share in (0.5, 0.95, 0.99)]
        return cls(count / load["seconds"], *of_rank, count / (count + load["refused"]), load["client_milliseconds"])


@dataclass
class Measured:
    """turns: by server and clients. loop: what limit.py prints, of every round. labels: of every photograph, by server.

    starts: seconds from `docker run` to the first right answer. gigabytes: of the images.
    """

    turns: dict[str, dict[int, list[Turn]]]
    loop: list[dict]
    labels: dict[str, list[str]]
    starts: dict[str, list[float]]
    gigabytes: dict[str, float]
    on_gpu: bool

    def of(self, server: str, clients: int, what: str) -> list[float]:
        return [getattr(turn, what) for turn in self.turns[server][clients]]

    @property
    def limit(self) -> list[float]:
        """Pictures per second of the bare loop in batches of the size that suits it best."""
        sizes = self.loop[0]["throughput"]
        best = max(sizes, key=lambda size: median(one["throughput"][size] for one in self.loop))
        return [one["throughput"][best] for one in self.loop]

    @property
    def alone(self) -> list[float]:
        """Milliseconds of a picture alone in the bare loop."""
        return [one["milliseconds"] for one in self.loop]

    @property
    def same(self) -> dict[str, float]:
        """Share of the photographs whose likeliest class is the stock server's, which computes in float32; by
        server.
        """
        return {server: mean(map(str.__eq__, labels, self.labels[STOCK])) for server, labels in self.labels.items()}

    def curve(self, server: str) -> list[tuple[int, float, float]]:
        """Clients, pictures per second, median milliseconds."""
        return [
            (clients, median(self.of(server, clients, "throughput")), median(self.of(server, clients, "median")))
            for clients in CLIENTS
        ]


def figures(found: Measured) -> list[Figure]:
    peers = [server for server in found.turns if server != OURS]
    with_goals = goals(found)
    said = {(row.name, row.peer_name) for row in with_goals}
    others = [
        row for clients in CLIENTS for row in everything(found, peers, clients) if (row.name, row.peer_name) not in said
    ]
    return [*with_goals, *answers(found), *costs(found, peers), *others]


def goals(found: Measured) -> list[Figure]:
    best = max((LITSERVE, LITSERVE_BEST), key=lambda server: median(found.of(server, 16, "throughput")))
    clients, share = (64, 0.8) if found.on_gpu else (16, 0.9)
    ours = found.of(OURS, 16, "throughput")
    return [
        figure(
            f"{clients} clients, throughput",
            found.of(OURS, clients, "throughput"),
            found.limit,
            LOOP,
            "1/s",
            share,
            at_least=True,
        ),
        figure("16 clients, throughput", ours, found.of(STOCK, 16, "throughput"), STOCK, "1/s", 3, at_least=True),
        figure("16 clients, throughput", ours, found.of(best, 16, "throughput"), best, "1/s", 1, at_least=True),
        figure("16 clients, throughput", ours, found.of(RAY, 16, "throughput"), RAY, "1/s", 3, at_least=True),
        figure(
            "16 clients, throughput",
            ours,
            found.of(RAY_BATCHES, 16, "throughput"),
            RAY_BATCHES,
            "1/s",
            1.3,
            at_least=True,
        ),
        figure(
            "1 client, median latency", found.of(OURS, 1, "median"), found.alone, f"{LOOP}, a picture alone", "ms", 1.15
        ),
        figure(
            "16 clients, 99th percentile of latency",
            found.of(OURS, 16, "p99"),
            found.of(OURS, 16, "median"),
            "its own median",
            "ms",
            3,
        ),
        figure(
            "cold start, docker run to the first right answer", found.starts[OURS], found.starts[STOCK], STOCK, "s", 0.5
        ),
        figure(
            "cold start, docker run to the first right answer", found.starts[OURS], found.starts[RAY], RAY, "s", 0.2
        ),
    ]


def answers(found: Measured) -> list[Figure]:
    words = f"share of {len(found.labels[STOCK])} photographs with float32's likeliest class"
    return [
        figure(words, [found.same[OURS]], share, server, "", None)
        for server, share in found.same.items()
        if server not in (OURS, STOCK)
    ]


def costs(found: Measured, peers: list[str]) -> list[Figure]:
    every_core = [1000 * os.cpu_count() / limit for limit in found.limit]
    answered = {
        server: [turn.answered for turns in by_clients.values() for turn in turns]
        for server, by_clients in found.turns.items()
    }
    return [
        *(
            figure("image", [found.gigabytes[OURS]], size, server, "GB", None)
            for server, size in found.gigabytes.items()
            if server != OURS
        ),
        *(
            figure(
                "requests answered, not refused, at least",
                [min(answered[OURS])],
                min(answered[server]),
                server,
                "",
                None,
            )
            for server in peers
        ),
        figure(
            "processor time of a request in this client",
            found.of(OURS, 16, "client"),
            every_core,
            "of a picture in the loop",
            "ms",
            None,
        ),
    ]


def everything(found: Measured, peers: list[str], clients: int) -> list[Figure]:
    words = {"throughput": "throughput", "median": "median latency", "p95": "95th percentile", "p99": "99th percentile"}
    among = f"{clients} client{'s' * (clients > 1)}"
    units = {"throughput": "1/s"}
    return [
        figure(
            f"{among}, {word}",
            found.of(OURS, clients, what),
            found.of(server, clients, what),
            server,
            units.get(what, "ms"),
            None,
        )
        for what, word in words.items()
        for server in peers
    ]
