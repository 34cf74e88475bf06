"""Small networks, data that they can learn, and training runs whose tensors the hook saves."""

import json

import torch
import torch.nn.functional as F
from torch import nn

from container.debugging.tensor_hook import TensorHook
from container.model.head import create_head


class BlockWithOneRelu(nn.Module):
    """Uses one in-place ReLU twice, as torchvision's residual blocks do."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.relu = (
            nn.Conv2d(3, 3, 3, padding=1),
            nn.Conv2d(3, 3, 3, padding=1),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        y = self.second(self.relu(self.first(x)))
        y += x
        return self.relu(y)


class SmallNet(nn.Module):
    """float [n, 3, h, w] -> logits [n, 3]. block: residual; head: the project's, of three layers."""

    def __init__(self):
        super().__init__()
        self.block, self.pool, self.head = BlockWithOneRelu(), nn.AdaptiveAvgPool2d(4), create_head(48, 3, (16, 8))
        self.head_name = "head"

    def forward(self, x):
        return self.head(self.pool(self.block(x)).flatten(1))


def separable_pictures(count, seed=0, side=32):
    """Noisy pictures of three colours: float [count, 3, side, side] and labels int64 [count]."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    colours = 2.0 * torch.eye(3)[labels] - 0.5
    return colours[:, :, None, None] + 0.5 * torch.randn(count, 3, side, side, generator=random), labels


def configured(monkeypatch, tmp_path, hook_parameters, *collections):
    """What the platform's debughookconfig.json would say; returns the folder that it names."""
    config = {
        "LocalPath": str(tmp_path / "tensors"),
        "HookParameters": hook_parameters,
        "CollectionConfigurations": [
            {"CollectionName": name, "CollectionParameters": parameters} for name, parameters in collections
        ],
    }
    (tmp_path / "debughookconfig.json").write_text(json.dumps(config))
    monkeypatch.setenv("SMDEBUG_CONFIG_FILE_PATH", str(tmp_path / "debughookconfig.json"))
    return tmp_path / "tensors"


def train(
    folder,
    model,
    optimizer,
    steps,
    save_interval=10,
    evaluate_every=20,
    batch=24,
    data=None,
    validation=None,
    smoothing=0.0,
):
    """Train in the order that the trainer has: begin_step, watch, forward, backward, save, optimiser. Returns the
    losses.
    """
    torch.manual_seed(0)
    inputs, labels = data or separable_pictures(240)
    valid_inputs, valid_labels = validation or separable_pictures(60, seed=1)
    hook, losses = TensorHook.create(folder, save_interval), []
    for step in range(steps):
        rows = torch.randint(len(labels), (batch,))
        saved = hook.begin_step("TRAIN")
        if saved:
            with hook.module_hooks(model):
                loss = F.cross_entropy(model(inputs[rows]), labels[rows], label_smoothing=smoothing)
        else:
            loss = F.cross_entropy(model(inputs[rows]), labels[rows], label_smoothing=smoothing)
        optimizer.zero_grad()
        loss.backward()
        if saved:
            hook.save_step(loss, model)
        optimizer.step()
        losses.append(float(loss.detach()))
        if step % evaluate_every == evaluate_every - 1:
            model.eval()
            with torch.no_grad():
                hook.save_evaluation(float(F.cross_entropy(model(valid_inputs), valid_labels)))
            model.train()
    hook.close()
    return losses
