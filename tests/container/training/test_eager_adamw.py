"""The optimiser that leaves the compiler out is torch's own in everything else."""

import torch
from torch import nn

from container.training.optimization import EagerAdamW


def trained(kind, fused):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    groups = [
        {"params": [one for one in model.parameters() if one.ndim > 1], "weight_decay": 0.1},
        {"params": [one for one in model.parameters() if one.ndim == 1]},
    ]
    optimizer = kind(groups, lr=0.01, weight_decay=0.0, fused=fused)
    for _ in range(20):
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(torch.randn(32, 8)), torch.randint(3, (32,))).backward()
        optimizer.step()
    return model, optimizer


def test_its_weights_and_its_state_are_those_of_torchs_adamw():
    for fused in (True, False):
        (ours, optimizer), (theirs, peer) = trained(EagerAdamW, fused), trained(torch.optim.AdamW, fused)
        assert all(torch.equal(one, other) for one, other in zip(ours.parameters(), theirs.parameters(), strict=True))
        mine, its = optimizer.state_dict(), peer.state_dict()
        assert mine["param_groups"] == its["param_groups"]
        assert all(
            torch.equal(mine["state"][number][name], tensor)
            for number, state in its["state"].items()
            for name, tensor in state.items()
        )


def test_steps_are_not_recorded_for_gradients():
    model, _ = trained(EagerAdamW, True)
    assert all(one.grad_fn is None and one.requires_grad for one in model.parameters())
