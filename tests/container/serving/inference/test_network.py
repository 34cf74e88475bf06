"""Which form of the network answers, and that it answers as the model file's float32 does."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from container.model.model_file import Checkpoint, load_checkpoint
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.serving.inference import network as network_module
from container.serving.inference.network import (
    EXACT_TOLERANCE,
    PROBABILITY_TOLERANCE,
    LogitsAndFeatures,
    disagreement,
    patterns,
    prepare_network,
)

CPU = torch.device("cpu")


def checkpoint(arch, test_flip=False, size=64, temperature=1.0):
    torch.manual_seed(0)
    model = create_model(arch, 6).eval()
    return Checkpoint(model, arch, tuple("abcdef"), Preprocessing.for_image_size(size), test_flip, {}, temperature)


@pytest.mark.parametrize(
    "arch",
    [
        "resnet18",
        "shufflenet_v2_x0_5",
        "mobilenet_v3_small",
        "efficientnet_b0",
        "regnet_y_400mf",
        "mnasnet0_5",
        "timm/tf_efficientnet_lite0",
        "timm/convnext_atto",
        "timm/mobilenetv4_conv_small_035",
        "timm/edgenext_xx_small",
    ],
)
@pytest.mark.parametrize("test_flip", [False, True])
def test_the_form_that_answers_agrees_with_float32(arch, test_flip):
    given = checkpoint(arch, test_flip)
    inputs = patterns(64)
    with torch.inference_mode():
        logits = given.model(inputs)
        if test_flip:
            logits = (logits + given.model(inputs.flip(-1))) / 2
    before = {name: tensor.clone() for name, tensor in given.model.state_dict().items()}
    network = prepare_network(given, CPU, [1, 2])
    assert all(
        torch.equal(tensor, before[name]) and tensor.dtype == before[name].dtype
        for name, tensor in given.model.state_dict().items()
    )
    for count in (2, 1, 2):
        probabilities, features = network(inputs[:count])
        assert torch.allclose(probabilities, logits[:count].softmax(1), atol=PROBABILITY_TOLERANCE), network.form
        assert probabilities.dtype == features.dtype == torch.float32 and len(features) == count


@pytest.mark.parametrize("arch", ["resnet34", "timm/tf_efficientnet_lite0"])
def test_the_default_and_the_embedded_architecture_are_traced(arch):
    assert prepare_network(checkpoint(arch), CPU, [1, 2]).form.endswith("traced")


@pytest.mark.parametrize("temperature", [0.1, 0.6, 4.0])
@pytest.mark.parametrize("form", ["the fastest", "float32, traced", "float32"])
def test_every_form_divides_the_logits_by_the_models_temperature(form, temperature, monkeypatch):
    given = checkpoint("resnet18", temperature=temperature)
    nn.init.normal_(given.model.fc[-1].weight)  # so that the probabilities differ
    forms = network_module._cpu_forms(given)
    if form != "the fastest":
        monkeypatch.setattr(network_module, "_cpu_forms", lambda _: [one for one in forms if one[0] == form])
    network = prepare_network(given, CPU, [1, 2])
    assert form in ("the fastest", network.form)
    inputs = patterns(64)
    with torch.inference_mode():
        logits = given.model(inputs)
    for count in (2, 1):
        found = network(inputs[:count])[0]
        assert torch.allclose(found, (logits[:count] / temperature).softmax(1), atol=PROBABILITY_TOLERANCE)
    assert (logits.softmax(1) - (logits / temperature).softmax(1)).abs().max() > 0.05


def test_the_features_are_what_the_head_is_given():
    given = checkpoint("resnet18")
    taken = []
    given.model.fc.register_forward_pre_hook(lambda _, inputs: taken.append(inputs[0]))
    inputs = patterns(64)
    with torch.inference_mode():
        given.model(inputs)
        _, features = LogitsAndFeatures(given, lambda backbone: backbone, torch.float32).eval()(inputs)
    assert torch.allclose(features, taken[0], atol=1e-5)


def test_its_form_is_made_without_the_compiler_of_torch():
    """Importing that takes a second, at every start of a container."""
    program = (
        "import sys, torch, container.serving.server.worker; from container.serving.inference.network import "
        "prepare_network; from "
        "container.model.model_file import Checkpoint;"
        "from container.model.network import create_model; from container.pictures.preprocessing import Preprocessing;"
        "given = Checkpoint(create_model('resnet18', 6).eval(), 'resnet18', tuple('abcdef'), "
        "Preprocessing.for_image_size(64), False, {});"
        "prepare_network(given, torch.device('cpu'), [1]); print([name for name in ('torch._dynamo', 'sympy') if name "
        "in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr


def test_a_form_that_answers_otherwise_is_not_used(monkeypatch, caplog):
    from container.serving.inference import network

    wrong = checkpoint("resnet18")
    nn.init.normal_(wrong.model.fc[-1].weight)
    forms = [
        (
            "wrong",
            PROBABILITY_TOLERANCE,
            lambda example: LogitsAndFeatures(wrong, lambda backbone: backbone, torch.float32).eval(),
        ),
        ("broken", EXACT_TOLERANCE, lambda example: 1 / 0),
    ]
    monkeypatch.setattr(network, "_cpu_forms", lambda _: forms)
    assert prepare_network(checkpoint("resnet18"), CPU, [1]).form == "float32"
    assert (
        "not served as wrong, which would be faster: a probability differs" in caplog.text
        and "not served as broken, which would be faster: division by zero" in caplog.text
    )


@pytest.mark.parametrize(
    ("wanted", "found", "reason"),
    [
        ([[0.6, 0.4]], [[0.61, 0.39]], None),
        ([[0.6, 0.4]], [[0.57, 0.43]], "differs by 0.03"),
        ([[0.505, 0.495]], [[0.495, 0.505]], None),  # float32 is not clear about it
        ([[0.6, 0.4]], [[float("nan"), 0.4]], "differs by nan"),
        ([[1.0]], [[1.0]], None),
    ],
)
def test_agreement_is_of_probabilities_and_of_the_class_that_is_named(wanted, found, reason):
    said = disagreement(torch.tensor(wanted), torch.tensor(found), 0.02)
    assert said is None if reason is None else reason in said


def test_patterns_are_the_same_at_every_start():
    assert torch.equal(patterns(64), patterns(64)) and patterns(64).shape == (2, 3, 64, 64)


def test_an_architecture_that_cannot_be_traced_answers_in_float32(model_dir):
    """A network that branches on its input, as a user's architecture may."""
    given = load_checkpoint(model_dir)

    class Branching(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner, self.head_name = inner, inner.head_name and f"inner.{inner.head_name}"

        def forward(self, inputs):
            return self.inner(inputs) if inputs.sum() > 1e9 else self.inner(inputs * 2)

    branching = Checkpoint(Branching(given.model).eval(), given.arch, given.classes, given.preprocessing, False, {})
    network = prepare_network(branching, CPU, [1])
    inputs = patterns(64)
    with torch.inference_mode():
        expected = branching.model(inputs).softmax(1)
    assert torch.allclose(network(inputs)[0], expected, atol=PROBABILITY_TOLERANCE)
