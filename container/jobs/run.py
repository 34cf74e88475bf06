"""A training run as one value: what the request asks for, where it computes, where it writes and what observes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from container.jobs.monitoring import RunMonitor
from container.runtime.device import ComputeDevice
from container.runtime.launch import ProcessRank
from container.runtime.ranks import Ranks
from contract.hyperparameters import Hyperparameters


@dataclass(frozen=True)
class Run:
    """One process of a training run. The defaults are those of a job of one process that nobody stops or monitors.

    Args:
        model_dir: for the model file, or with features-only the feature bank (SM_MODEL_DIR).
        output_data_dir: for evaluation.json and the report (SM_OUTPUT_DATA_DIR).
        process_rank: this process among those of the job.
        ranks: the process group that trains one model together, once this process has joined it.
        stop_requested: whether SIGTERM has come.
        arguments: what `hyperparameters` were parsed from.
        monitor: observes the run and writes its report.
    """

    hyperparameters: Hyperparameters
    device: ComputeDevice
    model_dir: Path
    output_data_dir: Path
    process_rank: ProcessRank = field(default_factory=ProcessRank)
    ranks: Ranks = field(default_factory=Ranks)
    stop_requested: Callable[[], bool] = lambda: False
    arguments: Sequence[str] = ()
    monitor: RunMonitor = field(default_factory=RunMonitor)

    @property
    def is_monitored(self) -> bool:
        """Whether this process writes the run's report: rank 0 does, with the debugger or the profiler on."""
        return self.process_rank.rank == 0 and (self.hyperparameters.debugger or self.hyperparameters.profiler)
