"""All that this project has of smdebug: the hook that saves tensors in its format, and its `Rule` and `create_trial`
for the rules.

smdebug is unmaintained and pinned; no other file imports it. The import takes seconds: import this file only where it
is needed. https://github.com/awslabs/sagemaker-debugger"""

import atexit
import contextlib
import os
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

os.environ.setdefault(
    "SMDEBUG_LOG_LEVEL", "warning"
)  # read at the import; it logs to stdout, where the metric lines are

import torch
from smdebug.core.collection import CollectionKeys
from smdebug.core.config_constants import CONFIG_FILE_PATH_ENV_STR, DEFAULT_CONFIG_FILE_PATH
from smdebug.core.json_config import collect_hook_config_params, create_hook_from_json_config, get_json_config_as_dict
from smdebug.core.locations import TensorLocation
from smdebug.core.modes import ModeKeys
from smdebug.core.reduction_config import ReductionConfig
from smdebug.core.reductions import get_reduction_tensor_name
from smdebug.core.save_config import SaveConfig, SaveConfigMode
from smdebug.core.tfevent.events_writer import EventsWriter
from smdebug.core.tfevent.proto.event_pb2 import Event
from smdebug.core.writer import FileWriter
from smdebug.exceptions import (
    RuleEvaluationConditionMet,
    SMDebugError,
    StepUnavailable,
    TensorUnavailable,
    TensorUnavailableForStep,
)
from smdebug.pytorch.hook import Hook
from smdebug.rules.rule import Rule
from smdebug.trials import create_trial
from torch import nn

from container.debugging.background_writer import BackgroundWriter
from container.debugging.earlier_steps import END_OF_TRAINING, NextSteps, go_on
from container.debugging.module_watch import RELUS, names_to_watch, watched_modules
from container.debugging.tensor_copies import TensorCopy, copy_of
from container.model.head import head_of
from container.runtime.failure import TrainingFailure

__all__ = [
    "Rule",
    "RuleEvaluationConditionMet",
    "StepUnavailable",
    "TensorHook",
    "TensorUnavailable",
    "TensorUnavailableForStep",
    "create_trial",
]

LOSS = "CrossEntropyLoss_output_0"
LOSS_INTERVAL = 10  # training steps
WORKER = "worker_0"
REDUCTIONS = {"reductions": ["min", "max", "mean", "std"], "abs_reductions": ["mean"], "norms": ["l2"]}
WHOLE_TENSORS = ("head", "head_outputs", "relu_activity")
# What the tensors of these are called depends on the model; a configuration may name them, too, and needs no
# include_regex for them.
OF_THE_MODEL = (*WHOLE_TENSORS, "relu_input", "relu_output")
NOTHING = "(?!)"  # matches no name


class TensorHook:
    """Saves tensors of a training run for `create_trial` and for rules. For one process of a run, the one of rank 0.

    Without a configuration: the loss of every tenth training step and of every evaluation, and, at every
    `save_interval`th training step, step 0 among them,
    - weights, biases and gradients: whole for the head (collection `head`), reduced to six numbers each for the
      backbone;
    - the logits (`head_outputs`), whole;
    - inputs and outputs of ReLUs (`relu_input`, `relu_output`), reduced, and the activity of their channels
      (`relu_activity`). Tensors are called as smdebug's own hook calls them. A step that is not saved costs a count and
      a comparison for each collection: smdebug's hooks on modules and parameters, which run on every step and cannot
      run in a CUDA graph, are not used."""

    def __init__(self, hook: Hook, next_steps: NextSteps):
        self._hook = hook
        atexit.unregister(hook._cleanup)  # it would mark the end of the training for a second time
        hook._prepare_collections()
        self.folder = Path(hook.out_dir)
        self._step = next_steps.all - 1
        self._mode_steps = {"TRAIN": next_steps.train - 1, "EVAL": next_steps.evaluation - 1}
        with_loss = hook._get_collections_with_tensor(LOSS)
        self._schedule = {
            "TRAIN": [(one, one.save_config.get_save_config(ModeKeys.TRAIN)) for one in hook._collections_to_save],
            "EVAL": [
                (one, one.save_config.get_save_config(ModeKeys.EVAL)) for one in with_loss
            ],  # an evaluation has nothing else
        }
        self._mode, self._due, self._copies = "TRAIN", set(), []
        self._model_is_known = self._collections_are_written = self._closed = False
        self._writer = BackgroundWriter()
        atexit.register(self.close)

    @classmethod
    def create(cls, folder: Path, save_interval: int, first_step: int = 0) -> "TensorHook":
        """A hook that saves in `folder` every `save_interval`th training step, or what and where SageMaker's
        configuration says.

        That is debughookconfig.json, where the platform gives it or where SMDEBUG_CONFIG_FILE_PATH says; smdebug reads
        it: collections with their intervals, first and last steps by mode, reductions and regular expressions.
        TensorBoard's files are not written. first_step: the number of the first training step to come; above 0 in a run
        that goes on. What an earlier run saved of it and of later steps is removed. Raises TrainingFailure for a
        configuration that cannot be used."""
        config = Path(os.environ.get(CONFIG_FILE_PATH_ENV_STR, DEFAULT_CONFIG_FILE_PATH))
        if not config.is_file():
            next_steps = go_on(folder, first_step)
            return cls(_hook_with_defaults(folder, save_interval), next_steps)
        try:
            next_steps = go_on(
                Path(collect_hook_config_params(get_json_config_as_dict(str(config)))["out_dir"]), first_step
            )
            hook = create_hook_from_json_config(Hook, str(config))
            for name in OF_THE_MODEL:
                if name in hook.include_collections and not hook.get_collection(name).include_regex:
                    hook.get_collection(name).include(NOTHING)
            return cls(hook, next_steps)
        except (SMDebugError, ValueError, TypeError, AttributeError, KeyError, re.error) as error:
            raise TrainingFailure(
                f"The debugger cannot use its configuration {config} ({type(error).__name__}: {error}). Correct the "
                "request's DebugHookConfig."
            ) from error

    def begin_step(self, mode: str) -> bool:
        """Count a step of mode TRAIN or EVAL. Returns whether something of it is to be saved: then call `watching` and
        `save_step`.
        """
        self._step += 1
        step = self._mode_steps[mode] = self._mode_steps[mode] + 1
        self._mode, self._copies = mode, []
        self._due = {collection for collection, when in self._schedule[mode] if when.should_save_step(step)}
        return bool(self._due)

    def watches(self, model: nn.Module) -> bool:
        """Whether the step that `begin_step` announced saves what modules of the model give.

        If it does not, `watching` may be left out, and the step may run where no hook on a module can: in a CUDA graph.
        """
        self._learn_names(model)
        return any(self._collections_due(name) for name, _ in names_to_watch(model))

    @contextlib.contextmanager
    def watching(self, model: nn.Module) -> Iterator[None]:
        """Around the forward pass of a step that is saved: keeps what modules give, if this step saves that.

        model: one of `create_model` or `create_head`, or another whose `head_name` names the module with its last fully
        connected layer."""
        self._learn_names(model)
        with watched_modules(model, lambda name: bool(self._collections_due(name)), self._take):
            yield

    def save_step(self, loss: torch.Tensor, model: nn.Module, gradient_scale: float = 1.0) -> None:
        """Save the step that `begin_step` announced: call it after the backward pass and before the optimiser's step.

        loss: scalar; gradient_scale: what the gradients were multiplied with, a GradScaler's `get_scale()`. Gradients
        that overflowed by that factor are not saved, since a GradScaler skips their step. Returns once all tensors are
        copied on their device; they are written in the background, at most two steps behind."""
        self._learn_names(model)
        self._take(LOSS, loss)
        prefix = type(model).__name__
        for name, parameter in model.named_parameters():
            self._take(f"{prefix}_{name}", parameter)
            if parameter.grad is not None:
                self._take(f"{Hook.GRADIENT_PREFIX}{prefix}_{name}", parameter.grad, gradient_scale)
        self._write_later(skips_overflow=gradient_scale != 1.0)

    def save_evaluation(self, loss: float) -> None:
        """Count an evaluation as a step of mode EVAL, without a call of `begin_step`, and save its mean loss when that
        is due.
        """
        if self.begin_step("EVAL"):
            self._take(LOSS, torch.tensor(loss))
            self._write_later()

    def flush(self) -> None:
        """Return when all that was saved is written: until then another thread may read from a GPU."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is waiting, and smdebug's mark that the training is over. May be called again, and in a run that
        fails.
        """
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self._writer.put(self._write_collections)
        self._writer.close()
        with contextlib.suppress(OSError):  # of a full disk the writer has told
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / END_OF_TRAINING).touch()

    def _learn_names(self, model: nn.Module) -> None:
        """Tell the collections that depend on the model what their tensors are called."""
        if self._model_is_known:
            return
        names = {module: name or type(model).__name__ for name, module in model.named_modules()}
        logits = [module for module in head_of(model).modules() if isinstance(module, nn.Linear)][-1]
        relus = "|".join(re.escape(name) for module, name in names.items() if isinstance(module, RELUS)) or NOTHING
        head = f"{type(model).__name__}_{model.head_name}{'.' if model.head_name else ''}"
        patterns = {
            "head": f"^({Hook.GRADIENT_PREFIX})?{re.escape(head)}",
            "head_outputs": f"^{re.escape(names[logits])}_output_",
            "relu_input": f"^({relus})_input_",
            "relu_output": f"^({relus})_output_",
            "relu_activity": f"^({relus})_activity_",
        }
        for name, pattern in patterns.items():
            collection = self._hook.get_collections().get(name)
            if collection and collection.include_regex == [NOTHING]:
                collection.include_regex = [pattern]
        self._model_is_known = True

    def _collections_due(self, name: str) -> set:
        return self._due & self._hook._get_collections_with_tensor(name) if self._due else self._due

    def _take(self, name: str, tensor: torch.Tensor, scale: float = 1.0) -> None:
        """Copy a tensor for the present step, as its collections want it."""
        collections = self._collections_due(name)
        if not collections or tensor.numel() == 0:
            return
        configs = [collection.reduction_config for collection in collections]
        reductions = {(one, False) for config in configs for one in (*config.reductions, *config.norms)}
        reductions |= {(one, True) for config in configs for one in (*config.abs_reductions, *config.abs_norms)}
        whole, shape = any(config.save_raw_tensor for config in configs), any(config.save_shape for config in configs)
        self._copies.append(copy_of(name, tensor, whole, sorted(reductions), shape, scale))

    def _write_later(self, skips_overflow: bool = False) -> None:
        copies, self._copies, self._due = self._copies, [], set()
        if not copies:
            return
        copied = None
        if any(copy.numbers.is_cuda or (copy.value is not None and copy.value.is_cuda) for copy in copies):
            copied = torch.cuda.Event()
            copied.record()
        self._writer.put(
            partial(self._write, self._step, self._mode, self._mode_steps[self._mode], copies, copied, skips_overflow)
        )

    def _write(
        self,
        step: int,
        mode: str,
        mode_step: int,
        copies: list[TensorCopy],
        copied: "torch.cuda.Event | None",
        skips_overflow: bool,
    ) -> None:
        if copied is not None:
            copied.synchronize()
        if skips_overflow and not all(map(_is_finite, filter(_is_gradient, copies))):
            copies = [copy for copy in copies if not _is_gradient(copy)]
        if self._model_is_known and not self._collections_are_written:
            self._write_collections()
        with contextlib.closing(FileWriter(trial_dir=str(self.folder), step=step, worker=WORKER)) as writer:
            writer._proto_writer = _EventFile(writer.event_file_path, writer.index_writer)
            where = {"mode": ModeKeys[mode], "mode_step": mode_step}
            for copy in copies:
                for (reduction, absolute), number in zip(copy.reductions, copy.numbers.cpu().numpy(), strict=True):
                    writer.write_tensor(number, get_reduction_tensor_name(copy.name, reduction, absolute), **where)
                if copy.shape is not None:
                    writer.write_shape(copy.name, copy.shape, **where)
                if copy.value is not None:
                    writer.write_tensor(copy.value.cpu().numpy(), copy.name, **where)

    def _write_collections(self) -> None:
        """create_trial waits for this file and reads it once: the names must be known."""
        if self._collections_are_written:
            return
        self._hook.collection_manager.set_num_workers(1)
        self._hook.collection_manager.export(str(self.folder), f"{WORKER}_collections.json")
        self._collections_are_written = True


class _EventFile:
    """Stands in for smdebug's EventFileWriter, which writes in a thread of its own, and waits for it for ever when a
    disk is full.
    """

    def __init__(self, path: str, index_writer):
        self._events = EventsWriter(path=path, index_writer=index_writer)
        self._events.init()
        self._name = os.path.join("events", *Path(path).parts[-2:])  # as the index has it: relative to the folder

    def write_summary_with_index(
        self, summary, step: int, name: str, mode: ModeKeys, mode_step: int, timestamp: float | None
    ) -> None:
        event = Event(summary=summary, wall_time=timestamp or time.time(), step=step)
        start, length = self._events.write_event(event)
        self._events.index_writer.add_index(
            TensorLocation(name, mode.name, mode_step, self._name, start, length, WORKER)
        )

    def close(self) -> None:
        self._events.close()


def _hook_with_defaults(folder: Path, save_interval: int) -> Hook:
    always, reduced = SaveConfigMode(save_interval=1), ReductionConfig(**REDUCTIONS)
    tensors = [CollectionKeys.WEIGHTS, CollectionKeys.BIASES, CollectionKeys.GRADIENTS]
    hook = Hook(
        out_dir=str(folder),
        save_config=SaveConfig(save_interval=save_interval),
        reduction_config=reduced,
        include_collections=[CollectionKeys.LOSSES, *tensors, *OF_THE_MODEL],
    )
    losses = hook.get_collection(CollectionKeys.LOSSES)
    losses.save_config = {
        ModeKeys.TRAIN: SaveConfigMode(save_interval=min(LOSS_INTERVAL, save_interval)),
        ModeKeys.EVAL: always,
    }
    for name in OF_THE_MODEL:
        collection = hook.get_collection(name)
        collection.include(NOTHING)
        if name in WHOLE_TENSORS:
            collection.reduction_config = ReductionConfig(save_raw_tensor=True)
    return hook


def _is_gradient(copy: TensorCopy) -> bool:
    return copy.name.startswith(Hook.GRADIENT_PREFIX)


def _is_finite(copy: TensorCopy) -> bool:
    return bool(copy.numbers.isfinite().all()) and (copy.value is None or bool(copy.value.isfinite().all()))
