"""Figures of a benchmark: ours beside a peer's, both measured in one run; written as JSON and printed as a table."""

import json
import math
import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median, stdev

T_95 = {3: 4.303, 5: 2.776}  # Student's t, two-sided 95%, by number of seeds


@dataclass(frozen=True)
class Figure:
    """ours, peer: medians, in `unit`. ratio: ours / peer. goal: the most, or with at_least the least, that the ratio
    may be.

    A limit that is a plain number of seconds stands as the peer, so that a ratio of 1 is the limit.
    """

    name: str
    ours: float
    peer: float
    peer_name: str
    unit: str
    goal: float | None
    runs: int
    at_least: bool = False

    @property
    def ratio(self) -> float:
        return self.ours / self.peer

    @property
    def met(self) -> bool | None:
        """None for a figure without a goal."""
        if self.goal is None:
            return None
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal


def figure(
    name: str,
    ours: list[float],
    peer: list[float] | float,
    peer_name: str,
    unit: str,
    goal: float | None,
    at_least: bool = False,
) -> Figure:
    """Medians of several runs. peer: a number is a limit."""
    beside = median(peer) if isinstance(peer, list) else peer
    return Figure(name, median(ours), beside, peer_name, unit, goal, len(ours), at_least)


def no_worse(name: str, ours: list[float], peer: list[float], peer_name: str, at_least: bool) -> Figure:
    """Means over seeds. Goal: ours is worse than the peer's by no more than noise, which is half of the difference's
    95% interval.

    at_least: more is better.
    """
    noise = half_interval([one - other for one, other in zip(ours, peer, strict=True)]) / mean(peer)
    return Figure(
        name, mean(ours), mean(peer), peer_name, "", round(1 - noise if at_least else 1 + noise, 4), len(ours), at_least
    )


def half_interval(differences: list[float]) -> float:
    """Half of the 95% interval of the mean of paired differences."""
    return T_95[len(differences)] * stdev(differences) / math.sqrt(len(differences))


def interval(differences: list[float], form: str) -> str:
    """The mean of paired differences with its 95% interval, as text; form: of the numbers, such as `+.1f`."""
    low, high = (mean(differences) + sign * half_interval(differences) for sign in (-1, 1))
    return f"{mean(differences):{form}} (95% {low:{form}} to {high:{form}})"


def write(path: Path, figures: list[Figure], packages: list[str], in_image: dict[str, str] | None = None) -> None:
    """Write out/bench/<area>.json and print the same as a table. packages: of this environment; in_image: versions in
    the image.
    """
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
    }
    versions = {"python": platform.python_version(), **{name: version(name) for name in packages}, **(in_image or {})}
    rows = [
        {
            **{name: value for name, value in asdict(one).items() if name != "at_least"},
            "ratio": round(one.ratio, 4),
            "met": one.met,
        }
        for one in figures
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine, "versions": versions, "figures": rows}, indent=2))
    print(f"\n{'':58} {'ours':>10} {'peer':>10}       ratio   goal")
    for one in figures:
        goal = (
            ""
            if one.goal is None
            else f"{'>=' if one.at_least else '<='} {one.goal:g}  {'met' if one.met else 'MISSED'}"
        )
        print(
            f"{one.name:58} {one.ours:10.3f} {one.peer:10.3f} {one.unit:4} {one.ratio:6.3f}   {goal}   "
            f"({one.peer_name}, {one.runs} runs)"
        )
    print(path)
