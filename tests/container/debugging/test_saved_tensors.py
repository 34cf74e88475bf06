"""What the hook saves of a step: smdebug's own reader gets back what training had."""

import atexit

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from smdebug import modes
from smdebug.pytorch import Hook
from torch import nn

from container.debugging.smdebug_library import create_trial
from container.debugging.tensor_hook import TensorHook
from container.model.head import create_head
from tests.container.debugging.one_step import one_step, saved_once
from tests.container.debugging.small_runs import configured, separable_pictures, train

LOSS = "CrossEntropyLoss_output_0"


def test_a_trial_has_the_steps_modes_and_collections_of_the_run(tmp_path, net):
    losses = train(
        tmp_path / "run", net, torch.optim.SGD(net.parameters(), 0.1), steps=45, save_interval=20, evaluate_every=15
    )
    trial = create_trial(str(tmp_path / "run"))
    assert trial.steps(modes.TRAIN) == [0, 10, 20, 30, 40] and trial.steps(modes.EVAL) == [0, 1, 2]
    assert trial.steps() == [0, 10, 15, 21, 31, 32, 42, 47]
    assert [trial.tensor(LOSS).value(step, modes.TRAIN) for step in (0, 40)] == [
        pytest.approx(losses[0]),
        pytest.approx(losses[40]),
    ]
    assert trial.tensor_names(step=10, mode=modes.TRAIN) == trial.tensor_names(step=1, mode=modes.EVAL) == [LOSS]
    weights = trial.tensor_names(step=20, mode=modes.TRAIN, collection="weights")
    assert weights == [
        f"SmallNet_{name}.weight" for name in ("block.first", "block.second", "head.0", "head.3", "head.6")
    ]
    gradients = trial.tensor_names(step=40, mode=modes.TRAIN, collection="gradients")
    assert gradients == sorted(f"gradient/SmallNet_{name}" for name, _ in net.named_parameters())
    assert len(trial.tensor_names(collection="biases")) == 5
    assert trial.tensor_names(collection="head_outputs") == ["head.6_output_0"]


def test_the_head_is_saved_whole_and_the_backbone_as_reductions(tmp_path, net):
    trial, _ = saved_once(tmp_path / "run", net)
    for name, parameter in net.named_parameters():
        for tensor, expected in ((f"SmallNet_{name}", parameter), (f"gradient/SmallNet_{name}", parameter.grad)):
            saved, exact = trial.tensor(tensor), expected.detach().numpy()
            if name.startswith("head."):
                np.testing.assert_array_equal(saved.value(0), exact)
            else:
                with pytest.raises(Exception, match="reductions"):
                    saved.value(0)
            for reduction, absolute, value in (
                ("min", False, exact.min()),
                ("max", False, exact.max()),
                ("mean", False, exact.mean()),
                ("mean", True, np.abs(exact).mean()),
                ("std", False, exact.std(ddof=1)),
                ("l2", False, np.linalg.norm(exact.ravel())),
            ):
                assert saved.reduction_value(0, reduction, abs=absolute) == pytest.approx(value, rel=1e-4, abs=1e-8), (
                    tensor,
                    reduction,
                )


def test_a_relu_that_is_used_twice_in_place_has_two_inputs_and_two_outputs(tmp_path, net):
    trial, _ = saved_once(tmp_path / "run", net)
    inputs, _ = separable_pictures(12)
    first = net.block.first(inputs).detach()
    second = (net.block.second(first.relu()) + inputs).detach()
    for number, exact in enumerate((first, second)):
        assert trial.tensor(f"block.relu_input_{number}").reduction_value(0, "min") == pytest.approx(
            float(exact.min()), rel=1e-5
        )
        assert trial.tensor(f"block.relu_output_{number}").reduction_value(0, "min") == 0
        assert trial.tensor(f"block.relu_output_{number}").reduction_value(0, "l2") == pytest.approx(
            float(exact.relu().norm()), rel=1e-5
        )
        active = (exact > 0).float().mean((0, 2, 3)).numpy()
        np.testing.assert_allclose(trial.tensor(f"block.relu_activity_{number}").value(0), active, rtol=1e-6)
    assert "block.relu_output_2" not in trial.tensor_names()
    assert "head.1_output_0" in trial.tensor_names(collection="relu_output")


def test_tensors_are_called_as_smdebugs_own_hook_calls_them(tmp_path, net):
    ours, _ = saved_once(tmp_path / "ours", net)
    inputs, labels = separable_pictures(12)
    hook, criterion = Hook(out_dir=str(tmp_path / "theirs"), save_all=True), nn.CrossEntropyLoss()
    atexit.unregister(hook._cleanup)
    hook.register_module(net)
    hook.register_loss(criterion)
    hook.set_mode(modes.TRAIN)
    criterion(net(inputs), labels).backward()
    hook.close()
    theirs = set(create_trial(str(tmp_path / "theirs")).tensor_names())
    names = set(ours.tensor_names())
    assert {name for name in names if "_activity_" not in name} <= theirs
    # theirs has the inputs and outputs of all modules besides
    assert {name for name in theirs - names if "_input_" not in name and "_output_" not in name} == set()


def test_no_hook_stays_on_the_model(tmp_path, net):
    saved_once(tmp_path / "run", net)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_values_are_those_before_the_optimisers_step(tmp_path, net):
    inputs, labels = separable_pictures(12)
    hook = TensorHook.create(tmp_path / "run", 1)
    before = []
    for _ in range(6):  # more steps than may wait for the writer
        one_step(hook, net, inputs, labels)
        before.append(net.head[6].weight.detach().clone().numpy())
        with torch.no_grad():
            net.head[6].weight.fill_(7)
            net.head[6].weight.mul_(torch.rand(()))
    hook.close()
    trial = create_trial(str(tmp_path / "run"))
    for step, exact in enumerate(before):
        np.testing.assert_array_equal(trial.tensor("SmallNet_head.6.weight").value(step), exact)


def test_gradients_are_divided_by_their_scale(tmp_path, net):
    trial, _ = saved_once(tmp_path / "run", net, scale=1024.0)
    exact = net.head[6].weight.grad.numpy() / 1024
    np.testing.assert_allclose(trial.tensor("gradient/SmallNet_head.6.weight").value(0), exact, rtol=1e-6)


def test_gradients_that_overflowed_by_their_scale_are_not_saved(tmp_path, net):
    trial, _ = saved_once(tmp_path / "run", net, scale=1e39)
    assert not net.head[6].weight.grad.isfinite().all()
    assert (
        not any(name.startswith("gradient/") for name in trial.tensor_names())
        and "SmallNet_head.6.weight" in trial.tensor_names()
    )


def test_bfloat16_and_channels_last_become_float32_in_their_logical_order(tmp_path, net):
    model = net.to(memory_format=torch.channels_last)
    trial, loss = saved_once(tmp_path / "run", model, dtype=torch.bfloat16)
    logits = trial.tensor("head.6_output_0").value(0)
    assert logits.dtype == np.float32 and logits.shape == (12, 3)
    assert trial.tensor(LOSS).value(0) == pytest.approx(loss.item(), rel=1e-6)


def test_a_network_in_bfloat16_is_saved(tmp_path, monkeypatch, net):
    folder = configured(monkeypatch, tmp_path, {"save_interval": "1"}, ("weights", {}))
    model = net.to(torch.bfloat16).to(memory_format=torch.channels_last)
    hook = TensorHook.create(tmp_path, 500)
    hook.begin_step("TRAIN")
    inputs, labels = separable_pictures(12)
    hook.save_step(F.cross_entropy(model(inputs.bfloat16()), labels), model)
    hook.close()
    saved = create_trial(str(folder)).tensor("SmallNet_block.first.weight").value(0)
    np.testing.assert_array_equal(saved, model.block.first.weight.detach().float().numpy())


def test_a_model_that_is_all_head_is_saved(tmp_path):
    model = create_head(3, 3, (8, 8))
    hook = TensorHook.create(tmp_path / "run", 500)
    one_step(hook, model, torch.randn(12, 3), torch.arange(12) % 3)
    hook.close()
    trial = create_trial(str(tmp_path / "run"))
    assert trial.tensor("Sequential_6.weight").value(0).shape == (3, 8)
    assert trial.tensor_names(collection="head_outputs") == ["6_output_0"]


def test_frozen_parameters_have_weights_and_no_gradients(tmp_path, net):
    net.block.requires_grad_(False)
    trial, _ = saved_once(tmp_path / "run", net)
    assert (
        "SmallNet_block.first.weight" in trial.tensor_names()
        and "gradient/SmallNet_block.first.weight" not in trial.tensor_names()
    )


def test_an_output_of_several_tensors_is_counted_through(tmp_path, monkeypatch):
    class Pair(nn.Module):
        head_name = "last"

        def __init__(self):
            super().__init__()
            self.split, self.last = nn.Identity(), nn.Linear(2, 2)

        def forward(self, x):
            first, [second] = self.split((x, [x + 1]))
            return self.last(first + second)

    folder = configured(monkeypatch, tmp_path, {"save_interval": "1"}, ("pairs", {"include_regex": "split_"}))
    hook = TensorHook.create(tmp_path, 500)
    one_step(hook, Pair(), torch.zeros(4, 2), torch.zeros(4, dtype=torch.long))
    hook.close()
    trial = create_trial(str(folder))
    assert trial.tensor_names(collection="pairs") == [
        "split_input_0",
        "split_input_1",
        "split_output_0",
        "split_output_1",
    ]
    assert trial.tensor("split_output_1").value(0).min() == 1
