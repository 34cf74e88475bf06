"""Saves tensors of a training run in smdebug's format, written in the background."""

import atexit
import contextlib
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
from torch import nn

from container.debugging.earlier_steps import END_OF_TRAINING, NextSteps, go_on
from container.debugging.hook_collections import (
    add_names_of_model,
    configuration_file,
    configured_folder,
    configured_hook,
    default_hook,
)
from container.debugging.module_tensors import module_tensors, tensor_sources
from container.debugging.smdebug_library import Collection, Hook, ModeKeys, SMDebugError
from container.debugging.tensor_copies import TensorCopy, copy_of
from container.debugging.tensor_writer import BackgroundWriter, write_collections, write_step
from container.runtime.failure import TrainingFailure

LOSS = "CrossEntropyLoss_output_0"


class TensorHook:
    """Saves tensors of a training run for `create_trial` and for rules. Used by one process of a run, that of rank 0.

    Without a configuration it saves the loss of every tenth training step and of every evaluation and, at every
    `save_interval`th training step, step 0 among them:

    - weights, biases and gradients: whole for the head (collection `head`), else reduced to six numbers each;
    - the logits (`head_outputs`), whole;
    - inputs and outputs of ReLUs (`relu_input`, `relu_output`), reduced, and the activity of their channels
      (`relu_activity`).

    Tensors have the names that smdebug's own hook gives them. A step that is not saved costs a count and a comparison
    for each collection: smdebug's hooks on modules and parameters, which run on every step and cannot run in a CUDA
    graph, are not used.
    """

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
        self._mode = "TRAIN"
        self._due: set[Collection] = set()
        self._copies: list[TensorCopy] = []
        self._model_is_known = self._collections_are_written = self._closed = False
        self._writer = BackgroundWriter()
        atexit.register(self.close)

    @classmethod
    def create(cls, folder: Path, save_interval: int, first_step: int = 0) -> "TensorHook":
        """A hook for a run, as SageMaker's DebugHookConfig has it, or with the defaults where there is none.

        The configuration is debughookconfig.json, or the file that SMDEBUG_CONFIG_FILE_PATH names. smdebug reads it:
        collections with their intervals, first and last steps by mode, reductions, regular expressions. TensorBoard
        files are not written.

        Args:
            folder: for the tensors, where the configuration names none.
            save_interval: training steps from one saved step to the next, without a configuration.
            first_step: number of the first training step to come; above 0 in a resumed run. What an earlier run saved
                of it and of later steps is removed.

        Raises TrainingFailure for a configuration that cannot be used.
        """
        config = configuration_file()
        if config is None:
            next_steps = go_on(folder, first_step)
            return cls(default_hook(folder, save_interval), next_steps)
        try:
            next_steps = go_on(configured_folder(config), first_step)
            return cls(configured_hook(config), next_steps)
        except (SMDebugError, ValueError, TypeError, AttributeError, KeyError, re.error) as error:
            raise TrainingFailure(
                f"The debugger cannot use its configuration {config} ({type(error).__name__}: {error}). Correct the "
                "request's DebugHookConfig."
            ) from error

    def begin_step(self, mode: str) -> bool:
        """Count a step of mode TRAIN or EVAL.

        Returns whether something of it is to be saved: then use `module_hooks` and `save_step`.
        """
        self._step += 1
        step = self._mode_steps[mode] = self._mode_steps[mode] + 1
        self._mode, self._copies = mode, []
        self._due = {collection for collection, when in self._schedule[mode] if when.should_save_step(step)}
        return bool(self._due)

    def needs_module_hooks(self, model: nn.Module) -> bool:
        """Whether the step that `begin_step` announced saves inputs or outputs of modules.

        If not, `module_hooks` may be left out, and the step may be a replayed CUDA graph, where no hook runs.
        """
        self._learn_names(model)
        return any(self._collections_due(name) for name, _ in tensor_sources(model))

    @contextlib.contextmanager
    def module_hooks(self, model: nn.Module) -> Iterator[None]:
        """A context for the forward pass of a saved step: copies inputs and outputs of modules if the step saves them.

        model: one of `create_model` or `create_head`, or another whose `head_name` names the module with its last fully
        connected layer.
        """
        self._learn_names(model)
        with module_tensors(model, lambda name: bool(self._collections_due(name)), self._take):
            yield

    def save_step(self, loss: torch.Tensor, model: nn.Module, gradient_scale: float = 1.0) -> None:
        """Save the step that `begin_step` announced, between its backward pass and the optimiser's step.

        Returns once all tensors are copied on their device; they are written in the background, at most two steps
        behind.

        Args:
            loss: scalar.
            model: with its gradients.
            gradient_scale: what the gradients were multiplied with, a GradScaler's `get_scale()`. Gradients that
                overflowed by that factor are not saved, since a GradScaler skips their step.
        """
        self._learn_names(model)
        self._take(LOSS, loss)
        prefix = type(model).__name__
        for name, parameter in model.named_parameters():
            self._take(f"{prefix}_{name}", parameter)
            if parameter.grad is not None:
                self._take(f"{Hook.GRADIENT_PREFIX}{prefix}_{name}", parameter.grad, gradient_scale)
        self._write_later(skips_overflow=gradient_scale != 1.0)

    def save_evaluation(self, loss: float) -> None:
        """Count an evaluation as a step of mode EVAL, without `begin_step`, and save its mean loss when that is due."""
        if self.begin_step("EVAL"):
            self._take(LOSS, torch.tensor(loss))
            self._write_later()

    def flush(self) -> None:
        """Return when all that was saved is written: until then another thread may read from a GPU."""
        self._writer.flush()

    def close(self) -> None:
        """Write what is waiting, and smdebug's mark of the end. May be called again, and in a run that fails."""
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
        if not self._model_is_known:
            add_names_of_model(self._hook, model)
            self._model_is_known = True

    def _collections_due(self, name: str) -> set[Collection]:
        return self._due & self._hook._get_collections_with_tensor(name) if self._due else self._due

    def _take(self, name: str, tensor: torch.Tensor, scale: float = 1.0) -> None:
        """Copy a tensor for the present step, as its collections want it. scale: the copy is divided by it."""
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
        write_step(self.folder, step, mode, mode_step, copies)

    def _write_collections(self) -> None:
        if not self._collections_are_written:
            write_collections(self.folder, self._hook)
            self._collections_are_written = True


def _is_gradient(copy: TensorCopy) -> bool:
    return copy.name.startswith(Hook.GRADIENT_PREFIX)


def _is_finite(copy: TensorCopy) -> bool:
    return bool(copy.numbers.isfinite().all()) and (copy.value is None or bool(copy.value.isfinite().all()))
