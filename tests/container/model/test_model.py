"""The classifier: any torchvision architecture, one head of three layers."""

import pytest
import torch
from torch import nn

from container.model.head import HEAD_WIDTHS, create_head, head_of, set_backbone_trainable, set_training_mode
from container.model.model_file import load_checkpoint, save_checkpoint
from container.model.network import architectures, check_input, create_model
from container.pictures.preprocessing import Preprocessing
from container.runtime.failure import TrainingFailure

# One of each family; the larger input where the family needs it.
FAMILIES = [
    ("resnet34", 64),
    ("resnext50_32x4d", 64),
    ("wide_resnet50_2", 64),
    ("alexnet", 64),
    ("vgg11_bn", 64),
    ("densenet121", 64),
    ("mobilenet_v2", 64),
    ("mobilenet_v3_small", 64),
    ("efficientnet_b0", 64),
    ("efficientnet_v2_s", 64),
    ("mnasnet0_5", 64),
    ("shufflenet_v2_x0_5", 64),
    ("regnet_x_400mf", 64),
    ("convnext_tiny", 64),
    ("googlenet", 64),
    ("inception_v3", 299),
    ("vit_b_32", 224),
    ("swin_t", 64),
    ("maxvit_t", 224),
]


def test_every_family_of_torchvision_is_covered():
    import re

    def family(name):
        return re.match(r"[a-z]+(_v\d)?", name.replace("wide_resnet", "wideresnet"))[0]

    assert {family(name) for name in architectures()} <= {family(name) for name, _ in FAMILIES} | {"swin_v2"}


@pytest.mark.parametrize(("arch", "size"), FAMILIES)
def test_an_architecture_gets_a_head_trains_and_comes_back_from_its_file(arch, size, tmp_path):
    model = create_model(arch, 7)
    check_input(model, arch, size, 2)
    assert [type(layer) for layer in head_of(model) if isinstance(layer, nn.Linear)] == [nn.Linear] * 3
    set_training_mode(model)
    logits = model(torch.randn(2, 3, size, size))
    assert logits.shape == (2, 7)
    logits.sum().backward()
    assert any(
        parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in head_of(model).parameters()
    )
    save_checkpoint(
        tmp_path, model.state_dict(), arch, HEAD_WIDTHS, tuple("abcdefg"), Preprocessing.for_image_size(size), {}
    )
    loaded = load_checkpoint(tmp_path).model.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(("arch", "size", "batch"), [("vit_b_16", 64, 8), ("resnet18", 32, 1), ("inception_v3", 48, 8)])
def test_a_batch_that_an_architecture_cannot_take_is_named_before_anything_is_decoded(arch, size, batch):
    model = create_model(arch, 3)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(
        TrainingFailure, match=f"{arch} cannot take pictures with image-size {size} in batches with batch-size {batch}"
    ) as raised:
        check_input(model, arch, size, batch)
    assert str(raised.value).endswith(". Change one of the three.") and "\n" not in str(raised.value)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("arch", ["resnet999", "squeezenet1_1", "fasterrcnn_resnet50_fpn", ""])
def test_anything_else_is_refused_by_name(arch):
    with pytest.raises(TrainingFailure, match=f"Hyperparameter arch must be a torchvision classifier.*{arch!r}"):
        create_model(arch, 7)


def test_a_frozen_backbone_changes_neither_its_weights_nor_its_statistics():
    torch.manual_seed(0)
    model = create_model("resnet18", 3)
    set_backbone_trainable(model, False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=0.1)
    for _ in range(2):
        set_training_mode(model)
        nn.functional.cross_entropy(model(torch.randn(4, 3, 64, 64)), torch.tensor([0, 1, 2, 0])).backward()
        optimizer.step()
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed and all(name.startswith("fc.") for name in changed)


@pytest.mark.parametrize("arch", ["resnet18", "mobilenet_v3_small", "timm/tf_efficientnet_lite0"])
def test_frozen_batch_normalisation_keeps_its_statistics_while_its_shifts_learn(arch):
    torch.manual_seed(0)
    model = create_model(arch, 3)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    set_training_mode(model, freeze_batch_norm=True)
    nn.functional.cross_entropy(model(torch.randn(4, 3, 64, 64)), torch.tensor([0, 1, 2, 0])).backward()
    optimizer.step()
    same = {name for name, tensor in model.state_dict().items() if torch.equal(tensor, before[name])}
    statistics = {name for name, _ in model.named_buffers()}
    assert same & statistics == statistics
    normalisations = [name for name, one in model.named_modules() if isinstance(one, nn.BatchNorm2d)]
    assert len(normalisations) > 10 and not {f"{name}.bias" for name in normalisations} & same
    set_training_mode(model)
    model(torch.randn(4, 3, 64, 64))
    assert all(not torch.equal(model.state_dict()[name], before[name]) for name in statistics)


@pytest.mark.parametrize("arch", ["efficientnet_b0", "convnext_tiny", "alexnet"])
def test_a_frozen_backbone_has_neither_dropout_nor_stochastic_depth(arch):
    model = create_model(arch, 3, dropout=0.2)
    set_backbone_trainable(model, False)
    set_training_mode(model)
    seen = []
    head_of(model).register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    pixels = torch.randn(2, 3, 64, 64)
    logits = [model(pixels) for _ in range(2)]
    assert torch.equal(*seen) and not torch.equal(*logits)  # the head's own dropout is on


def test_a_new_head_gives_its_last_layer_as_much_as_it_is_given():
    torch.manual_seed(0)
    features = torch.rand(256, 512)
    hidden = create_head(512, 10)[:-1](features)
    assert 0.6 < float(hidden.detach().square().mean() / features.square().mean()) < 1.6
