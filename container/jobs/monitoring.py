"""Observes a run while it goes on, and writes its report however it ends.

In SM_OUTPUT_DATA_DIR, which SageMaker packs into output.tar.gz: report.html, report.json, rules.json, and, where the
platform keeps them nowhere else, tensors/ and profile/."""

import math
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from container.debugging.rule_outcome import IN_PROGRESS
from container.jobs.calibration_figures import calibration_figures
from container.pictures.preprocessing import Preprocessing
from container.profiling.finding import Facts
from container.profiling.findings import find
from container.profiling.profiler_config import PLATFORM_FOLDER, read_profiler_config
from container.profiling.step_times import StepTimes
from container.profiling.system_files import NODE
from container.profiling.system_sampler import SystemSampler
from container.profiling.traces import Traces
from container.report.page import write_report
from container.report.profile_record import step_times_record, system_record
from container.report.record import Epoch, Finding, Rule, RunRecord, SplitCounts
from container.report.record import Evaluation as EvaluationRecord
from container.report.record import GradientNorms as NormsRecord
from container.report.shown_pictures import shown_pictures
from container.runtime.device import ComputeDevice
from container.tracking.run_files import RunFiles
from container.training.evaluation import Evaluation, evaluation_report
from container.training.monitors import GradientNorms, Monitors
from container.training.trainer import Trainer
from contract.hyperparameters import Hyperparameters

if TYPE_CHECKING:  # takes seconds to import
    from container.debugging.rule_run import RuleRun

SAVES = 20  # steps of a run whose tensors are saved, in all but long runs
MOST_STEPS_BETWEEN = 500  # AWS's own interval
SECONDS_FOR_RULES = 60  # after the last step
# Of a job that is stopped SageMaker waits for 120 in all; when one process failed, the others wait for 60.
SECONDS_FOR_RULES_OTHERWISE = 15
MOST_BYTES = 100_000_000


def save_interval(steps: int) -> int:
    """Steps between two whose tensors are saved, by default. steps: of the whole run."""
    return max(1, min(MOST_STEPS_BETWEEN, math.ceil(steps / SAVES)))


class RunMonitor:
    """Observes one run, in the process of rank 0. Its methods are called in the order in which they are defined.

    Before `open`, and in a process that never calls it, the others only keep the figures of the epochs.
    """

    def __init__(self) -> None:
        self._output: Path | None = None
        self._sampler: SystemSampler | None = None
        self._steps_from, self._steps_to = 0.0, math.inf  # seconds since `open`
        self._rules: RuleRun | None = None
        self._stopping: str | None = None
        self._monitors = Monitors()
        self._pictures: dict[str, tuple[Sequence[Path], Preprocessing]] = {}
        self._evaluated: tuple[str, Evaluation] | None = None
        self._tracking: RunFiles | None = None
        self.epochs: list[Epoch] = []  # those that are over

    def open(
        self, record: RunRecord, hyperparameters: Hyperparameters, device: ComputeDevice, output_data_dir: Path
    ) -> None:
        """Begin. record: what is known of the run already. Raises TrainingFailure for a wrong ProfilerConfig."""
        self._output, self._hyperparameters, self._device = output_data_dir, hyperparameters, device
        self._began = time.monotonic()
        self._record = record
        config = read_profiler_config(output_data_dir / "profile")
        if len(hyperparameters.trace_steps) and not config.enabled:
            print(
                "warning: no step is traced, which trace-steps asks for: the request's ProfilerConfig has "
                "DisableProfiler",
                file=sys.stderr,
            )
        if hyperparameters.profiler and config.enabled:
            self._profile = config.folder
            host = os.environ.get("SM_CURRENT_HOST", "")
            # a limit for what lies on the job's own disk and in output.tar.gz
            most_bytes = None if config.folder == PLATFORM_FOLDER else MOST_BYTES
            self._sampler = SystemSampler(
                config.folder, host if NODE.fullmatch(host) else "algo-1", config.interval_ms, most_bytes
            )
            self._sampler.start()

    def track(self, files: RunFiles) -> None:
        """Write the figures into these files, too. In the process of rank 0, whether or not the run is monitored."""
        self._tracking = files

    def channel(
        self, name: str, counts: SplitCounts, paths: Sequence[Path] = (), preprocessing: Preprocessing | None = None
    ) -> None:
        """What is in a channel. paths: its readable files, in the order of what is evaluated."""
        if not self._output:
            return
        self._record.splits[name] = counts
        if preprocessing:
            self._pictures[name] = (paths, preprocessing)

    def begin(self, trainer: Trainer, epochs: list[Epoch]) -> None:
        """Training begins, or goes on after these epochs, with the trainer's next step."""
        self.epochs = epochs
        for one in epochs:
            self._track(one)
        if not self._output:
            return
        steps, monitors, self._first_step = trainer.steps, self._monitors, trainer.step
        self._record.least_train_loss = trainer.least_loss
        if self._sampler:
            monitors.times = StepTimes(self._device.torch_device)
            self._steps_from, self._steps_to = time.monotonic() - self._began, math.inf
            if len(self._hyperparameters.trace_steps):
                monitors.traces = Traces(self._profile, self._hyperparameters.trace_steps)
        if self._hyperparameters.debugger:
            monitors.norms = GradientNorms(trainer.model, steps)
            # Each of these takes seconds to import.
            from container.debugging.rule_run import RuleRun
            from container.debugging.tensor_hook import TensorHook

            monitors.hook = TensorHook.create(
                self._output / "tensors", self._hyperparameters.save_interval or save_interval(steps), trainer.step
            )
            if self._hyperparameters.rules:
                self._rules = RuleRun(monitors.hook.folder, self._hyperparameters.rules, self._output / "rules.json")
        trainer.monitors = monitors

    def stop_reason(self) -> str | None:
        """Why a rule ends the training; None when none does."""
        if self._rules and not self._stopping:
            self._stopping = self._rules.stop_reason()
        return self._stopping

    def epoch(self, facts: Epoch, found: Evaluation, is_best: bool, evaluation_seconds: float) -> None:
        """An epoch is over. found: its evaluation of the valid split."""
        self.epochs.append(facts)
        self._track(facts)
        if not self._output:
            return
        self._steps_to = time.monotonic() - self._began
        self._monitors.after_evaluation(evaluation_seconds, found.loss)
        if is_best:
            self._evaluated = ("valid", found)

    def tested(self, found: Evaluation, figures: Mapping[str, Any]) -> None:
        """The best model's evaluation of the test split. figures: loss, top1, top5 and ece of it."""
        self._evaluated = ("test", found)
        if self._tracking and self.epochs:
            named = {"accuracy": "top1", "loss": "loss", "top5": "top5", "ece": "ece"}
            self._tracking.figures(self.epochs[-1].epoch, {f"test_{name}": figures[key] for name, key in named.items()})

    def close(self, status: str, reason: str = "") -> None:
        """Write the report with what is known. status: Completed, Stopped or Failed; reason: a sentence."""
        best = self._best_epoch()
        if self._tracking:
            if best:
                figures = {"best_valid_accuracy": best.valid_accuracy, "best_valid_loss": best.valid_loss}
                self._tracking.figures(best.epoch, figures)
            self._tracking.close(status)
            self._tracking = None
        if not self._output:
            return
        output, self._output = self._output, None
        record = self._record
        record.status, record.reason, record.epochs = status, reason, self.epochs
        record.best_epoch = best.epoch if best else None
        for part in (
            self._close_traces,
            lambda: self._close_rules(status),
            self._close_profile,
            self._close_norms,
            self._close_evaluation,
        ):
            self._try(part)
        record.seconds = time.monotonic() - self._began
        self._try(lambda: print(f"report: {write_report(record, output)}"))

    def _track(self, facts: Epoch) -> None:
        if self._tracking:
            measured = {name: value for name, value in vars(facts).items() if name != "epoch"}
            self._tracking.figures(facts.epoch, measured)

    def _best_epoch(self) -> Epoch | None:
        """Of a resumed run, it may be from before the interruption."""
        return max(self.epochs, key=lambda one: (one.valid_accuracy or 0.0, -(one.valid_loss or 0.0)), default=None)

    def _try(self, part: Callable[[], None]) -> None:
        """A run is worth more than its report, and a report more than one of its parts."""
        try:
            part()
        except Exception as error:
            traceback.print_exc()
            print(
                f"warning: a part of the run's report could not be made, which changes nothing in the training: "
                f"{type(error).__name__}: {error}",
                file=sys.stderr,
            )

    def _close_traces(self) -> None:
        if self._monitors.traces:
            self._monitors.traces.close()

    def _close_rules(self, status: str) -> None:
        if self._monitors.hook:
            self._monitors.hook.close()
        if self._rules:
            self._record.rules = [
                Rule(
                    one.name,
                    one.parameters,
                    "Stopped" if one.status == IN_PROGRESS else one.status,
                    one.first_step,
                    one.sentence,
                )
                for one in self._rules.finish(
                    SECONDS_FOR_RULES if status == "Completed" else SECONDS_FOR_RULES_OTHERWISE
                )
            ]

    def _close_profile(self) -> None:
        if not self._sampler:
            return
        self._sampler.stop()
        series = self._sampler.series()
        self._record.system = system_record(series)
        if times := self._monitors.times:
            self._record.step_times = step_times_record(times, self._first_step)
            self._record.findings = [Finding(**vars(one)) for one in find(times.summary(), series, self._facts())]

    def _close_norms(self) -> None:
        if self._monitors.norms:
            self._record.gradient_norms = NormsRecord(**self._monitors.norms.series())

    def _close_evaluation(self) -> None:
        if not self._evaluated:
            return
        (split, found), classes = self._evaluated, tuple(self._record.splits["train"].classes)
        figures = evaluation_report(found, classes)
        calibrated = calibration_figures(found, self._hyperparameters.unknown_below)
        self._record.evaluation = EvaluationRecord(split=split, **figures, **calibrated)
        if split in self._pictures:
            paths, preprocessing = self._pictures[split]
            self._record.pictures = shown_pictures(found.probabilities, found.labels, paths, classes, preprocessing)

    def _facts(self) -> Facts:
        device = self._device.torch_device
        used, total = (
            (torch.cuda.max_memory_reserved(device), torch.cuda.mem_get_info(device)[1])
            if device.type == "cuda"
            else (0, 0)
        )
        return Facts(
            self._hyperparameters.batch_size,
            self._hyperparameters.workers,
            len(os.sched_getaffinity(0)),
            device.type,
            used,
            total,
            self._steps_from,
            self._steps_to,
        )
