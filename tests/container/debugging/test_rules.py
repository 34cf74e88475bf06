"""Each rule fires on a training run that is broken in its way, and is quiet on a healthy one."""

import pytest
import torch
from smdebug import modes
from torch import nn

from container.debugging.built_in_rule import SavedStep
from container.debugging.rules import RULE_CLASSES
from container.debugging.smdebug_library import RuleEvaluationConditionMet, create_trial
from container.model.head import create_head
from container.model.network import create_model
from contract.rule_parameters import RULES
from tests.container.debugging.small_runs import SmallNet, configured, separable_pictures, train


def findings(folder, name, **parameters):
    """Evaluate a rule on all steps as smdebug does. Returns step of the violation -> what the rule says."""
    trial = create_trial(str(folder))
    rule, found = RULE_CLASSES[name](trial, **parameters), {}
    for step in trial.steps():
        try:
            rule.invoke(step)
        except RuleEvaluationConditionMet:
            found[step] = rule.finding
    return found


def is_a_sentence_with_a_next_step(text):
    return text.endswith(".") and text.count(". ") >= 1 and any(character.isdigit() for character in text)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return SmallNet()


def plain(model, rate):
    return torch.optim.SGD(model.parameters(), rate)


@pytest.mark.parametrize("name", RULES)
def test_a_healthy_run_has_no_issues(healthy_run, name):
    assert findings(healthy_run, name) == {}


def test_a_loss_that_stands_still_is_found(tmp_path, net):
    inputs, labels = separable_pictures(24)
    train(
        tmp_path / "run",
        net,
        plain(net, 0.0),
        steps=220,
        save_interval=500,
        data=(inputs[:1], labels[:1]),
        evaluate_every=500,
    )
    found = findings(tmp_path / "run", "LossNotDecreasing")
    assert (
        list(found) == [190]
        and "changed by +0.00 % up to step 190" in found[190]
        and is_a_sentence_with_a_next_step(found[190])
    )
    assert findings(tmp_path / "run", "LossNotDecreasing", use_losses_collection=False) == {}
    assert list(
        findings(tmp_path / "run", "LossNotDecreasing", use_losses_collection=False, tensor_regex="Loss_output")
    ) == [190]
    assert list(findings(tmp_path / "run", "LossNotDecreasing", num_steps=150)) != [190]


def test_a_loss_that_rises_is_found_in_the_evaluations(tmp_path, net):
    for parameter in net.parameters():
        parameter.register_hook(torch.neg)  # uphill
    train(tmp_path / "run", net, plain(net, 0.02), steps=60, save_interval=500, evaluate_every=10)
    found = findings(tmp_path / "run", "LossNotDecreasing", mode="EVAL", num_steps=1)
    assert found and "evaluation" in found[min(found)]


def test_gradients_that_vanish_in_sigmoids_are_found(tmp_path):
    torch.manual_seed(0)
    layers = [module for _ in range(12) for module in (nn.Linear(8, 8), nn.Sigmoid())]
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 8), nn.Sigmoid(), *layers, nn.Linear(8, 3))
    model.head_name = str(len(model) - 1)
    train(tmp_path / "run", model, plain(model, 0.01), steps=11)
    found = findings(tmp_path / "run", "VanishingGradient")
    assert list(found) == [0, 10] and "Sequential_1.weight" in found[0] and is_a_sentence_with_a_next_step(found[0])
    assert findings(tmp_path / "run", "VanishingGradient", threshold=1e-30) == {}


def test_a_rate_that_is_much_too_large_explodes(tmp_path, net):
    train(tmp_path / "run", net, plain(net, 1e8), steps=31)
    found = findings(tmp_path / "run", "ExplodingTensor")
    assert 0 not in found and found and is_a_sentence_with_a_next_step(found[max(found)])
    assert findings(tmp_path / "run", "ExplodingTensor", collection_names="nothing-of-this-name") == {}


def test_a_network_that_learns_noise_by_heart_overfits(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), create_head(3 * 8 * 8, 3, (64, 64)))
    model.head_name = "1"
    random = torch.Generator().manual_seed(0)
    noise = [
        (torch.randn(count, 3, 8, 8, generator=random), torch.randint(3, (count,), generator=random))
        for count in (30, 60)
    ]
    train(
        tmp_path / "run",
        model,
        torch.optim.AdamW(model.parameters(), 1e-2),
        steps=400,
        save_interval=500,
        data=noise[0],
        validation=noise[1],
    )
    found = findings(tmp_path / "run", "Overfit")
    assert found and "validation loss" in found[min(found)] and is_a_sentence_with_a_next_step(found[min(found)])
    assert len(findings(tmp_path / "run", "Overfit", patience=5)) == len(found) - 4
    assert all(step > 150 for step in findings(tmp_path / "run", "Overfit", start_step=150))
    found = findings(tmp_path / "run", "Overtraining")
    assert (
        found and "has not improved by 0.01" in found[min(found)] and is_a_sentence_with_a_next_step(found[min(found)])
    )
    assert findings(tmp_path / "run", "Overtraining", patience_validation=100) == {}


def test_first_weights_that_are_much_too_large_are_poor(tmp_path, net):
    inputs, labels = separable_pictures(3)
    with torch.no_grad():
        net.head[3].weight.mul_(300)
    train(tmp_path / "run", net, plain(net, 0.0), steps=100, save_interval=500, data=(inputs[:1], labels[:1]))
    found = findings(tmp_path / "run", "PoorWeightInitialization")
    assert found and "vary" in found[min(found)] and is_a_sentence_with_a_next_step(found[min(found)])
    assert findings(tmp_path / "run", "PoorWeightInitialization", steps=3) == {}


def test_first_weights_that_are_all_zero_are_poor(tmp_path, net):
    with torch.no_grad():
        for parameter in net.head.parameters():
            parameter.zero_()
    train(tmp_path / "run", net, plain(net, 0.0), steps=100, save_interval=500)
    assert findings(tmp_path / "run", "PoorWeightInitialization")


def test_relus_with_large_negative_biases_are_dead(tmp_path, net):
    with torch.no_grad():
        net.head[0].bias.fill_(-1e3)
        net.block.first.bias[:2] = -1e3
    train(tmp_path / "run", net, plain(net, 1e-3), steps=11)
    found = findings(tmp_path / "run", "DeadRelu")
    assert list(found) == [0, 10] and found[0].startswith("2 of the layers") and "head.1 with 100 %" in found[0]
    assert is_a_sentence_with_a_next_step(found[0])
    assert findings(tmp_path / "run", "DeadRelu", threshold_layer=70)[0].startswith("1 of the layers of ReLUs is ")


@pytest.mark.parametrize("parameters", [{}, {"reductions": "max"}], ids=["whole", "reduced"])
def test_dead_relus_are_found_without_the_activity_of_their_channels(tmp_path, monkeypatch, net, parameters):
    folder = configured(monkeypatch, tmp_path, {"save_interval": "10"}, ("relu_output", parameters))
    with torch.no_grad():
        net.head[0].bias.fill_(-1e3)
    train(tmp_path, net, plain(net, 1e-3), steps=1)
    assert findings(folder, "DeadRelu")[0].startswith(
        "1 of the layers of ReLUs is more than 50 % dead at step 0, most of all head.1 with 100 %"
    )


@pytest.mark.parametrize("rate, word", [(0.0, "Raise"), (1e7, "Lower")])
def test_updates_out_of_proportion_are_found(tmp_path, net, rate, word):
    train(tmp_path / "run", net, plain(net, rate), steps=11, save_interval=5)
    found = findings(tmp_path / "run", "WeightUpdateRatio")
    assert 5 in found and found[5].endswith(f"{word} lr.")
    assert "5 weights" in found[5] or rate
    assert findings(tmp_path / "run", "WeightUpdateRatio", num_steps=11) == {}


def test_weights_that_stay_the_same_are_found(tmp_path, net):
    train(tmp_path / "run", net, plain(net, 0.0), steps=21)
    found = findings(tmp_path / "run", "UnchangedTensor")
    assert list(found) == [21] and found[21].startswith("5 of 5 tensors") and is_a_sentence_with_a_next_step(found[21])
    assert findings(tmp_path / "run", "UnchangedTensor", num_steps=4) == {}
    assert findings(tmp_path / "run", "UnchangedTensor", collection_names="gradients") == {}


@pytest.mark.parametrize("name", ["UnchangedTensor", "WeightUpdateRatio", "VanishingGradient"])
def test_a_frozen_backbone_is_no_issue(tmp_path, net, name):
    net.block.requires_grad_(False)
    train(tmp_path / "run", net, torch.optim.AdamW(net.head.parameters(), 3e-3), steps=41)
    assert findings(tmp_path / "run", name) == {}


def test_a_pause_is_one_violation(healthy_run):
    trial = create_trial(str(healthy_run))
    rule = RULE_CLASSES["StalledTraining"](trial)
    rule.invoke(0)
    assert not rule.wait(1799) and rule.wait(1801) and not rule.wait(1900)
    assert "after step 0" in rule.finding and is_a_sentence_with_a_next_step(rule.finding)
    rule.invoke(10)
    assert not rule.wait(5) and rule.wait(2000)


def test_a_rule_refuses_a_parameter_that_it_does_not_have(healthy_run):
    with pytest.raises(ValueError, match=r"Rule Overfit has no parameter patients. Did you mean patience"):
        RULE_CLASSES["Overfit"](create_trial(str(healthy_run)), patients=3)


def test_a_saved_step_knows_its_mode_and_its_number(healthy_run):
    trial = create_trial(str(healthy_run))
    assert str(SavedStep(trial, trial.global_step(modes.EVAL, 1))) == "evaluation 1"
    assert str(SavedStep(trial, trial.global_step(modes.TRAIN, 30))) == "step 30"


def test_a_resnet_of_the_project_names_its_tensors_as_smdebug_does(tmp_path):
    torch.manual_seed(0)
    model = create_model("resnet18", 3)
    train(tmp_path / "run", model, plain(model, 0.01), steps=1)
    names = create_trial(str(tmp_path / "run")).tensor_names()
    assert {
        "ResNet_layer1.0.conv1.weight",
        "gradient/ResNet_layer4.1.bn2.bias",
        "layer1.0.relu_input_1",
        "layer1.0.relu_output_1",
    } <= set(names)
