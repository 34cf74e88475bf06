"""A step of training that the hook saves."""

import torch
import torch.nn.functional as F

from container.debugging.smdebug_library import create_trial
from container.debugging.tensor_hook import TensorHook
from tests.container.debugging.small_runs import separable_pictures


def one_step(hook, model, inputs, labels, scale=1.0, dtype=None):
    """A training step up to its backward pass, saved when the hook says so."""
    if not hook.begin_step("TRAIN"):
        return None
    with hook.module_hooks(model), torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
        loss = F.cross_entropy(model(inputs), labels)
    model.zero_grad()
    (loss * scale).backward()
    hook.save_step(loss, model, scale)
    return loss


def saved_once(folder, model, **options):
    """The trial of one saved step, and its loss."""
    inputs, labels = separable_pictures(12)
    hook = TensorHook.create(folder, 500)
    loss = one_step(hook, model, inputs, labels, **options)
    hook.close()
    return create_trial(str(folder)), loss
