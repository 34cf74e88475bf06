"""The model file: everything needed to use it is in it, and nothing in it can run."""

import pytest
import torch

from container.checkpoint import FILE_NAME, FORMAT, UnusableCheckpoint, load_checkpoint, save_checkpoint
from container.head import HEAD_WIDTHS
from container.model import create_model
from container.preprocessing import Preprocessing

CLASSES = ("Beagle", "Größter_Dog", "Shih-tzu")
PREPROCESSING = Preprocessing(48, 60, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))


@pytest.fixture
def model():
    torch.manual_seed(0)
    return create_model("shufflenet_v2_x0_5", 3).to(memory_format=torch.channels_last).eval()


def test_a_model_comes_back_with_classes_preprocessing_and_the_same_answers(tmp_path, model):
    save_checkpoint(tmp_path, model.state_dict(), "shufflenet_v2_x0_5", HEAD_WIDTHS, CLASSES, PREPROCESSING, {"epoch": 3})
    loaded = load_checkpoint(tmp_path)
    assert (loaded.arch, loaded.classes, loaded.preprocessing, loaded.facts) == ("shufflenet_v2_x0_5", CLASSES, PREPROCESSING, {"epoch": 3})
    pictures = torch.randn(2, 3, 48, 48)
    with torch.inference_mode():
        assert torch.allclose(loaded.model(pictures), model(pictures), atol=1e-5)
    assert not loaded.model.training


@pytest.mark.parametrize("arch", ["resnet18", "vit_b_32", "swin_t", "regnet_y_400mf", "googlenet", "mobilenet_v3_small"])
def test_no_weights_are_drawn_for_a_model_that_the_file_gives_them(tmp_path, arch):
    made = create_model(arch, 3)
    save_checkpoint(tmp_path, made.state_dict(), arch, HEAD_WIDTHS, CLASSES, PREPROCESSING, {})
    before = torch.get_rng_state()
    loaded = load_checkpoint(tmp_path).model
    assert torch.equal(torch.get_rng_state(), before)
    wanted, found = ({**dict(model.named_parameters()), **dict(model.named_buffers())} for model in (made, loaded))
    assert wanted.keys() == found.keys() and all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_only_the_model_file_is_left(tmp_path, model):
    for epoch in (1, 2):
        save_checkpoint(tmp_path, model.state_dict(), "shufflenet_v2_x0_5", HEAD_WIDTHS, CLASSES, PREPROCESSING, {"epoch": epoch})
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert load_checkpoint(tmp_path).facts == {"epoch": 2}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnusableCheckpoint, match=f"There is no {FILE_NAME}"):
        load_checkpoint(tmp_path)


def test_a_torn_file_is_named(tmp_path, model):
    path = save_checkpoint(tmp_path, model.state_dict(), "shufflenet_v2_x0_5", HEAD_WIDTHS, CLASSES, PREPROCESSING, {})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UnusableCheckpoint, match="cannot be read"):
        load_checkpoint(tmp_path)


def test_a_file_of_another_program_is_named(tmp_path):
    import safetensors.torch

    safetensors.torch.save_file({"a": torch.zeros(1)}, tmp_path / FILE_NAME)
    with pytest.raises(UnusableCheckpoint, match=f"not in the format {FORMAT}"):
        load_checkpoint(tmp_path)
