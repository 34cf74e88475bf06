"""Traces of steps, every operation and kernel: for Perfetto (ui.perfetto.dev) and TensorBoard's profile plugin."""

import sys
from collections.abc import Collection
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile, record_function, tensorboard_trace_handler


class Traces:
    """Writes `<folder>/traces/steps-10-12.<nanoseconds>.pt.trace.json.gz` for each sequence of chosen steps."""

    def __init__(self, folder: Path, steps: Collection[int]):
        """folder: of the profile. steps: numbers of the steps to trace, from 1."""
        self._folder, self._steps = folder / "traces", frozenset(steps)
        self._profile: profile | None = None
        self._in_step: record_function | None = None
        self._first = self._last = 0

    def before_step(self, step: int) -> None:
        if step not in self._steps:
            return
        if self._profile is None:
            gpu = [ProfilerActivity.CUDA] if torch.cuda.is_available() else []
            self._profile, self._first = profile(activities=[ProfilerActivity.CPU, *gpu], acc_events=True), step
            self._profile.start()
        self._in_step = record_function(f"ProfilerStep#{step}")  # by this name TensorBoard tells steps apart
        self._in_step.__enter__()

    def after_step(self, step: int) -> None:
        if self._in_step is None:
            return
        self._in_step.__exit__(None, None, None)
        self._in_step, self._last = None, step
        if step + 1 not in self._steps:
            self.close()

    def close(self) -> None:
        """Write what was traced of a run that ended before the last of the chosen steps."""
        if self._profile is None:
            return
        running, self._profile = self._profile, None
        running.stop()
        name = f"steps-{self._first}-{self._last}"
        try:
            tensorboard_trace_handler(str(self._folder), worker_name=name, use_gzip=True)(running)
        except (OSError, RuntimeError) as error:  # a run is worth more than its trace
            self._steps = frozenset()
            print(
                f"warning: steps {self._first} to {self._last} were traced, but the trace cannot be written: {error}",
                file=sys.stderr,
            )
