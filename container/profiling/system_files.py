"""SageMaker's profiler files of system metrics, in the format that smdebug 1.0.34 and its notebooks read.

`<folder>/system/incremental/<YYYYMMDDHH>/<first second of the minute, Unix time>.<node>.json`, a JSON object a line.
"""

import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO, NamedTuple

NODE = re.compile(r"algo-\d+")  # smdebug passes over the files of any other
SECONDS_IN_A_FILE = 60
_line = json.JSONEncoder(separators=(",", ":")).encode


class Metric(NamedTuple):
    """One value of one thing at one time, in the words of the platform's own files.

    | type | name | dimension | value |
    |---|---|---|---|
    | cpu | cpu0, cpu1, ... | CPUUtilization | percent, 0 to 100 |
    | cpu | cpu0, cpu1, ... | I/OWaitPercentage | percent, 0 to 100 |
    | memory | MemoryUsedPercent | empty | percent, 0 to 100 |
    | i/o | IOPS | empty | operations a second |
    | i/o | ReadThroughputInBytesPerSecond, WriteThroughputInBytesPerSecond | empty | bytes a second |
    | network | ReceiveBytesPerSecond, TransmitBytesPerSecond | Algorithm: what the container moves | bytes a second |
    | gpu | gpu0, gpu1, ... | GPUUtilization | percent of the time in which a kernel ran, 0 to 100 |
    | gpu | gpu0, gpu1, ... | GPUMemoryUtilization | percent of the GPU's memory that is in use, 0 to 100 |
    """

    type: str
    name: str
    dimension: str
    value: float


class SystemFiles:
    """Writes the files of one node.

    A file gets its name when its minute is over, since smdebug takes any that it sees as complete. Until then its name
    has no `.json` in it, anywhere in which smdebug would take it for one of its files.
    """

    def __init__(self, folder: Path, node: str):
        """folder: the profile's. node: the host's name, algo-1, algo-2, ...; raises ValueError for another."""
        if not NODE.fullmatch(node):
            raise ValueError(
                f"A profile's node is called algo-1, algo-2 and so on, not {node!r}: smdebug would not find its files."
            )
        self._folder, self._node = folder / "system" / "incremental", node
        self._minute = 0
        self._file: IO[str] | None = None
        self.bytes = 0  # written so far

    def write(self, timestamp: float, metrics: Iterable[Metric]) -> None:
        """Add metrics of one moment. timestamp: Unix time, seconds. Raises OSError when the disk does not take them."""
        minute = int(timestamp) // SECONDS_IN_A_FILE * SECONDS_IN_A_FILE
        if self._file is None or minute != self._minute:
            self.close()
            self._minute, self._file = minute, self._open(minute)
        lines = "".join(
            _line(
                {
                    "Type": metric.type,
                    "Name": metric.name,
                    "Dimension": metric.dimension,
                    "Value": metric.value,
                    "NodeId": self._node,
                    "Timestamp": timestamp,
                }
            )
            + "\n"
            for metric in metrics
        )
        self._file.write(lines)
        self.bytes += len(lines)

    def close(self) -> None:
        """Give the file of this minute its final name. A later `write` in the same minute continues it."""
        if self._file is None:
            return
        file, self._file = self._file, None
        file.close()
        self._named(self._minute, ".tmp").rename(self._named(self._minute, ".json"))

    def _open(self, minute: int) -> IO[str]:
        unfinished, finished = self._named(minute, ".tmp"), self._named(minute, ".json")
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        if finished.exists():
            finished.rename(unfinished)
        return unfinished.open("a", encoding="utf-8")

    def _named(self, minute: int, ending: str) -> Path:
        return self._folder / time.strftime("%Y%m%d%H", time.gmtime(minute)) / f"{minute}.{self._node}{ending}"
