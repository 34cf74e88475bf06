"""Pretrained weights: three sources, one loading code, tried with weights that the test makes."""

import re
import socket
import urllib.request

import pytest
import safetensors.torch
import torch
from torchvision import models

from container.model import pretrained
from container.model.network import create_model
from container.model.pretrained import load_pretrained
from container.runtime.failure import TrainingFailure
from contract.hyperparameters import EMBEDDED_ARCH


@pytest.fixture
def weights():
    """State of a plain torchvision model with 1,000 classes, as published files hold it."""
    torch.manual_seed(1)
    return models.resnet18().state_dict()


@pytest.fixture
def model():
    torch.manual_seed(2)
    return create_model("resnet18", 3)


def same_backbone(model, weights):
    return all(
        torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items() if not name.startswith("fc.")
    )


@pytest.mark.parametrize("name", ["resnet18-f37072fd.pth", "weights.safetensors"])
def test_the_channel_fills_the_backbone_and_leaves_the_head(tmp_path, weights, model, name):
    (safetensors.torch.save_file if name.endswith("safetensors") else torch.save)(weights, tmp_path / name)
    head = model.fc[0].weight.clone()
    assert load_pretrained(model, "resnet18", tmp_path) == f"{name} from channel pretrained"
    assert same_backbone(model, weights) and torch.equal(model.fc[0].weight, head)


def test_files_as_they_were_published_have_no_batch_counters(tmp_path, weights, model):
    published = {name: tensor for name, tensor in weights.items() if not name.endswith("num_batches_tracked")}
    assert len(published) < len(weights)
    torch.save(published, tmp_path / "resnet18.pth")
    load_pretrained(model, "resnet18", tmp_path)
    assert all(
        torch.equal(model.state_dict()[name], tensor)
        for name, tensor in published.items()
        if not name.startswith("fc.")
    )


def test_published_densenets_have_the_old_names_of_their_layers(tmp_path):
    state = models.densenet121().state_dict()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)\.", r"\1.\2.", name): tensor for name, tensor in state.items()}
    assert old.keys() != state.keys()
    torch.save(old, tmp_path / "densenet121.pth")
    fresh = create_model("densenet121", 3)
    load_pretrained(fresh, "densenet121", tmp_path)
    name = "features.denseblock1.denselayer1.conv1.weight"
    assert torch.equal(fresh.state_dict()[name], state[name])


def test_a_training_checkpoint_with_its_state_dict_inside_works_too(tmp_path, weights, model):
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in weights.items()}}, tmp_path / "a.pt")
    load_pretrained(model, "resnet18", tmp_path)
    assert same_backbone(model, weights)


def test_weights_baked_into_the_image_are_used_without_a_channel(tmp_path, weights, model):
    torch.save(weights, tmp_path / "baked.pth")
    assert load_pretrained(model, "resnet18", None, baked_in=tmp_path) == "baked.pth from the image"
    assert same_backbone(model, weights)


def test_the_channel_comes_before_the_image(tmp_path, weights, model):
    for folder in ("channel", "image"):
        (tmp_path / folder).mkdir()
        torch.save(weights, tmp_path / folder / "w.pth")
    assert load_pretrained(model, "resnet18", tmp_path / "channel", tmp_path / "image").endswith("channel pretrained")


def test_torchvision_finds_a_file_it_has_downloaded_before(tmp_path, weights, model, monkeypatch):
    """The download's own path: the file lies where torch.hub keeps it, so no network is needed."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    name = models.ResNet18_Weights.DEFAULT.url.rsplit("/", 1)[1]
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    torch.save(weights, tmp_path / "hub/checkpoints" / name)
    assert load_pretrained(model, "resnet18", None, tmp_path / "none").startswith("torchvision (")
    assert same_backbone(model, weights)


def test_a_failed_download_names_every_way_to_do_without(tmp_path, model, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))  # and the tests run without a network
    with pytest.raises(TrainingFailure) as failure:
        load_pretrained(model, "resnet18", None, tmp_path / "none")
    for way in ("`pretrained` channel", "make build WEIGHTS=", "network", f"arch={EMBEDDED_ARCH}", "pretrained=none"):
        assert way in str(failure.value)


def test_a_network_that_swallows_everything_ends_in_the_same_message_and_does_not_hold_the_job(
    tmp_path, model, monkeypatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(pretrained, "PATIENCE", 0.2)
    monkeypatch.setattr(urllib.request, "_opener", None)  # it was made with the proxies of the first download
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(TrainingFailure, match=r"could not be downloaded: .*timed out.*Each of these helps"):
            load_pretrained(model, "resnet18", None, tmp_path / "none")
    assert socket.getdefaulttimeout() is None


def test_weights_of_another_architecture_are_refused(tmp_path, model):
    torch.save(models.mobilenet_v3_small().state_dict(), tmp_path / "w.pth")
    with pytest.raises(TrainingFailure, match="does not fit resnet18"):
        load_pretrained(model, "resnet18", tmp_path)


def test_weights_of_another_shape_are_refused(tmp_path, weights, model):
    weights["layer1.0.conv1.weight"] = torch.zeros(1, 1, 3, 3)
    torch.save(weights, tmp_path / "w.pth")
    with pytest.raises(TrainingFailure, match=r"does not fit resnet18.*layer1.0.conv1.weight.*\. Use weights made for"):
        load_pretrained(model, "resnet18", tmp_path)


def test_pickled_code_is_not_run(tmp_path, model):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"fc.weight": Bomb()}, tmp_path / "w.pth")
    with pytest.raises(TrainingFailure, match=r"w.pth cannot be read as tensors"):
        load_pretrained(model, "resnet18", tmp_path)
    assert not (tmp_path / "ran").exists()


def test_an_empty_channel_is_named(tmp_path, model):
    with pytest.raises(TrainingFailure, match="Channel pretrained has no weights file"):
        load_pretrained(model, "resnet18", tmp_path, tmp_path / "none")


def test_two_files_are_one_too_many(tmp_path, weights, model):
    for name in ("a.pth", "b.pth"):
        torch.save(weights, tmp_path / name)
    with pytest.raises(TrainingFailure, match="2 weights files in channel pretrained"):
        load_pretrained(model, "resnet18", tmp_path)


def test_a_folder_that_is_called_like_a_file_is_none(tmp_path, weights, model):
    (tmp_path / "old.pth").mkdir()
    torch.save(weights, tmp_path / "w.pth")
    assert load_pretrained(model, "resnet18", tmp_path) == "w.pth from channel pretrained"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([torch.zeros(2)], "holds a list."),
        (3, "holds an int."),
        ("weights", "holds a str."),
        (None, "holds a NoneType."),
        (torch.zeros(2), "holds a Tensor."),
        ({}, "holds an empty dict."),
        ({"epoch": 3, "loss": 0.5}, "holds a dict of 'epoch': an int, 'loss': a float."),
        ({"model": {"fc.weight": torch.zeros(1)}}, "holds a dict of 'model': a dict."),
        ({"state_dict": [1]}, "holds a dict of 'state_dict': a list."),
        ({"state_dict": {"state_dict": {}}}, "holds a dict of 'state_dict': a dict."),
        ({1: torch.zeros(1)}, "holds a dict of '1': a Tensor."),
        ({"x" * 1000: 1, "b": 2, "c": 3, "d": 4}, "..."),
    ],
)
def test_weights_that_are_something_else_end_in_one_sentence_with_what_was_found_and_is_wanted(
    tmp_path, model, found, said
):
    torch.save(found, tmp_path / "w.pth")
    with pytest.raises(TrainingFailure) as failure:
        load_pretrained(model, "resnet18", tmp_path)
    message = str(failure.value)
    assert (
        message.startswith("The weights file w.pth holds a")
        and said in message
        and "state_dict" in message
        and len(message) < 500
    )


class WholeModel(torch.nn.Linear):
    pass


@pytest.mark.parametrize("found", [WholeModel(1, 1), {"model": WholeModel(1, 1)}])
def test_a_whole_model_is_named_as_code_and_torchs_advice_to_run_it_is_not_passed_on(tmp_path, model, found):
    torch.save(found, tmp_path / "w.pth")
    with pytest.raises(TrainingFailure, match=r"cannot be read as tensors: it holds code, of .*WholeModel") as failure:
        load_pretrained(model, "resnet18", tmp_path)
    assert "weights_only" not in str(failure.value) and "\n" not in str(failure.value)


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04", b"\x80\x02."])
@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_bytes_that_are_no_weights_end_in_one_sentence(tmp_path, model, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TrainingFailure, match=f"The weights file {name} cannot be read as tensors: ") as failure:
        load_pretrained(model, "resnet18", tmp_path)
    assert "\n" not in str(failure.value) and "weights_only" not in str(failure.value) and len(str(failure.value)) < 600
