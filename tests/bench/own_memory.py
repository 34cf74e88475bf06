"""Runs in the train image: the memory that is a process's own."""

from pathlib import Path


def own_memory() -> int:
    """kB that no file backs: pages of the memory-mapped store are the system's to drop."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1])
