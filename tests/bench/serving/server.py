"""The servers that are compared: how each is started, and where it takes a photograph."""

import itertools
import json
from dataclasses import dataclass

from tests.bench.serving.connection import PORT

OURS, STOCK, TORCHSERVE = "ours", "stock sagemaker-inference", "TorchServe"
LITSERVE, LITSERVE_BEST = "LitServe", "LitServe, best precision"
RAY, RAY_BATCHES = "Ray Serve, AWS's example", "Ray Serve, batches, best precision"


@dataclass(frozen=True)
class Server:
    """setting: in words, where several are tried. entrypoint: None for the image's own. path: where it takes POSTs of
    pictures, on PORT.
    """

    name: str
    setting: str
    image: str
    entrypoint: list[str] | None
    command: list[str]
    path: str
    environment: dict[str, str]


def ours(image: str) -> Server:
    return Server(OURS, "its defaults", image, None, ["serve"], "/invocations", {})


def stock(image: str) -> Server:
    environment = {"PYTHONPATH": "/bench", "SAGEMAKER_PROGRAM": "stock_handlers.py"}
    return Server(STOCK, "its defaults", image, ["python"], ["/bench/stock_server.py"], "/invocations", environment)


def litserves(image: str, name: str) -> list[Server]:
    """One worker or two, batches of up to 8 or 16. name: LITSERVE, in float32, or LITSERVE_BEST."""
    precision = "best" if name == LITSERVE_BEST else "float32"
    return [
        Server(
            name,
            f"{workers} worker{'s' * (workers > 1)}, batches of up to {size}",
            image,
            ["python"],
            ["/bench/litserve_server.py", str(PORT), precision, str(workers), str(size)],
            "/predict",
            {"PYTHONPATH": "/opt/program:/bench"},
        )
        for workers, size in itertools.product((1, 2), (8, 16))
    ]


def torchserves(image: str) -> list[Server]:
    """Its defaults, with which each of its workers computes on all cores, and one thread for each worker.

    https://pytorch.org/serve/performance_guide.html
    """
    return [
        Server(
            TORCHSERVE,
            setting,
            image,
            ["python"],
            ["/bench/torchserve_server.py"],
            "/predictions/dogs",
            {"PYTHONPATH": "/bench", **threads},
        )
        for setting, threads in (("its defaults", {}), ("one thread for each worker", {"OMP_NUM_THREADS": "1"}))
    ]


def rays(image: str, name: str) -> list[Server]:
    """One replica or two. name: RAY, a picture at a time in float32, or RAY_BATCHES, of up to 8 or 16."""
    kinds = [("batches", size) for size in (8, 16)] if name == RAY_BATCHES else [("example", None)]
    environment = {"PYTHONPATH": "/opt/program:/bench", "RAY_USAGE_STATS_ENABLED": "0"}
    return [
        Server(
            name,
            f"{replicas} replica{'s' * (replicas > 1)}" + (f", batches of up to {size}" if size else ""),
            image,
            ["python"],
            ["/bench/ray_server.py", str(PORT), kind, str(replicas), *([str(size)] if size else [])],
            "/",
            environment,
        )
        for replicas, (kind, size) in itertools.product((1, 2), kinds)
    ]


def top_label(answer: str) -> str:
    """The likeliest class of any server's answer: TorchServe answers a probability by label, best first, and the others
    a list.
    """
    content = json.loads(answer)
    return content["predictions"][0]["label"] if "predictions" in content else next(iter(content))
