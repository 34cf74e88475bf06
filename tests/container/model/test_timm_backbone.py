"""Backbones of timm: made, trained, saved and loaded as torchvision's; their own preprocessing travels with them."""

import tarfile

import pytest
import safetensors.torch
import timm
import torch

from container.model.head import HEAD_WIDTHS, head_of, set_backbone_trainable, set_training_mode
from container.model.local_weights import embedded_weights
from container.model.model_file import load_checkpoint, save_checkpoint
from container.model.network import create_model, preprocessing_of, remove_head
from container.model.pretrained import load_pretrained
from container.pictures.preprocessing import Preprocessing
from container.runtime.failure import TrainingFailure
from contract.hyperparameters import EMBEDDED_ARCH

# Families whose last layers differ: a linear layer, a convolution, two heads, none, a small network of its own.
FAMILIES = [
    ("resnet10t", 64),
    ("resnetv2_18", 64),
    ("tf_efficientnet_lite0", 64),
    ("mobilenetv3_small_050", 64),
    ("mobilenetv4_conv_small_035", 64),
    ("convnext_atto", 64),
    ("regnety_002", 64),
    ("vit_tiny_patch16_224", 224),
    ("deit_tiny_distilled_patch16_224", 224),
    ("eva02_tiny_patch14_224", 224),
    ("efficientvit_b0", 64),
    ("edgenext_xx_small", 64),
    ("ghostnet_050", 64),
    ("dla34", 64),
    ("poolformerv2_s12", 64),
]


@pytest.fixture(scope="module", params=FAMILIES, ids=[name for name, _ in FAMILIES])
def trained(request):
    """(arch, side, model after a step, pictures)."""
    name, side = request.param
    torch.manual_seed(0)
    model = create_model(f"timm/{name}", 4)
    set_training_mode(model)
    pictures, labels = torch.rand(4, 3, side, side), torch.tensor([0, 1, 2, 3])
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    torch.nn.functional.cross_entropy(model(pictures), labels).backward()
    optimizer.step()
    after = dict(model.named_parameters())
    assert any(not torch.equal(before[name], after[name]) for name in before if name.startswith("backbone."))
    assert all(not torch.equal(before[name], after[name]) for name in before if name == "head.6.weight")
    return f"timm/{name}", side, model.eval(), pictures


def test_a_trained_model_answers_the_same_from_its_file(trained, tmp_path):
    arch, side, model, pictures = trained
    preprocessing = preprocessing_of(arch, side)
    save_checkpoint(tmp_path, model.state_dict(), arch, HEAD_WIDTHS, tuple("abcd"), preprocessing, {"epoch": 1})
    loaded = load_checkpoint(tmp_path)
    assert (loaded.arch, loaded.preprocessing) == (arch, preprocessing)
    assert loaded.facts == {"epoch": 1, "timm": timm.__version__}
    with torch.no_grad():
        assert torch.equal(loaded.model(pictures), model(pictures))


def test_without_its_head_it_gives_what_the_head_is_given(trained):
    _, _, model, pictures = trained
    given = []
    handle = head_of(model).register_forward_pre_hook(lambda head, inputs: given.append(inputs[0]))
    with torch.no_grad():
        model(pictures)
    handle.remove()
    assert given[0].shape == (4, head_of(model)[0].in_features)


@pytest.mark.parametrize(
    "name, wanted",
    [
        (
            "tf_efficientnet_lite0",
            Preprocessing(224, 256, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bicubic"),
        ),
        ("repvgg_a0", Preprocessing(224, 256, interpolation="bilinear")),
        ("caformer_s18", Preprocessing(224, 224, interpolation="bicubic")),
        ("mobilevit_xxs", Preprocessing(224, 249, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "bicubic")),
    ],
)
def test_pictures_are_prepared_as_the_models_authors_did(name, wanted):
    assert preprocessing_of(f"timm/{name}", 224) == wanted


def test_a_frozen_backbone_trains_its_head_alone():
    model = create_model(EMBEDDED_ARCH, 3)
    set_backbone_trainable(model, False)
    set_training_mode(model)
    assert not any(module.training for module in model.get_submodule("backbone").modules())
    assert {name for name, one in model.named_parameters() if one.requires_grad} == {
        f"head.{number}.{kind}" for number in (0, 3, 6) for kind in ("weight", "bias")
    }
    assert remove_head(model) == 1280
    with torch.no_grad():
        assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 1280)


def test_the_embedded_weights_are_loaded_where_nothing_else_is_given(tmp_path):
    model = create_model(EMBEDDED_ARCH, 3)
    assert load_pretrained(model, EMBEDDED_ARCH, None, tmp_path / "none") == "ImageNet, in the image"
    wanted = embedded_weights(model.get_submodule("backbone"))
    assert all(torch.equal(model.state_dict()[f"backbone.{name}"], tensor) for name, tensor in wanted.items())
    # Statistics of a trained network: no batch normalisation as it was made.
    variances = [tensor for name, tensor in wanted.items() if name.endswith("running_var")]
    assert len(variances) == 49 and not any(torch.all(one == 1) for one in variances)


@pytest.mark.parametrize("names", ["as published", "as an earlier training wrote them"])
def test_a_weights_file_may_have_the_names_of_the_hub_or_of_an_earlier_model(tmp_path, names):
    torch.manual_seed(1)
    earlier = create_model("timm/resnet10t", 3)
    published = timm.create_model("resnet10t").state_dict()
    state = published if names == "as published" else earlier.state_dict()
    safetensors.torch.save_file(state, tmp_path / "model.safetensors")
    model = create_model("timm/resnet10t", 5)
    load_pretrained(model, "timm/resnet10t", tmp_path)
    first = "conv1.0.weight" if names == "as published" else "backbone.conv1.0.weight"
    assert torch.equal(model.state_dict()["backbone.conv1.0.weight"], state[first])


@pytest.mark.parametrize("arch", ["timm/resnet10t", "resnet18"])
def test_a_model_archive_of_an_earlier_training_goes_on_with_more_classes(tmp_path, arch):
    torch.manual_seed(1)
    earlier = create_model(arch, 2)
    path = save_checkpoint(
        tmp_path / "model", earlier.state_dict(), arch, HEAD_WIDTHS, ("a", "b"), preprocessing_of(arch, 64), {}
    )
    (tmp_path / "channel").mkdir()
    with tarfile.open(tmp_path / "channel/model.tar.gz", "w:gz") as archive:
        archive.add(path, "model.safetensors")
    model = create_model(arch, 7)
    assert load_pretrained(model, arch, tmp_path / "channel") == "model.tar.gz from channel pretrained"
    head = f"{model.head_name}."
    assert all(
        torch.equal(tensor, earlier.state_dict()[name])
        for name, tensor in model.state_dict().items()
        if not name.startswith(head)
    )


def test_an_archive_without_a_model_of_ours_is_refused_by_name(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "notes.txt", "notes.txt")
    with pytest.raises(TrainingFailure, match=r"model.tar.gz cannot be read as tensors: it has no model.safetensors"):
        load_pretrained(create_model("resnet18", 2), "resnet18", tmp_path)


def test_a_name_that_timm_does_not_have_is_refused_with_the_nearest():
    with pytest.raises(TrainingFailure, match=r"has no model 'resnet1O'. Did you mean timm/resnet"):
        create_model("timm/resnet1O", 2)
    with pytest.raises(TrainingFailure, match=r"has no model '§'. timm.list_models\(\) lists them."):
        create_model("timm/§", 2)
