"""The model file: everything needed to use it is in it, and nothing in it can run."""

import json
import struct

import pytest
import safetensors.torch
import torch

from container.model.head import HEAD_WIDTHS
from container.model.model_file import (
    FILE_NAME,
    FORMAT,
    UnusableCheckpoint,
    load_checkpoint,
    save_checkpoint,
    write_tensors,
)
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing

CLASSES = ("Beagle", "Größter_Dog", "Shih-tzu")
PREPROCESSING = Preprocessing(48, 60, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))


@pytest.fixture
def model():
    torch.manual_seed(0)
    return create_model("shufflenet_v2_x0_5", 3).to(memory_format=torch.channels_last).eval()


def test_a_model_comes_back_with_classes_preprocessing_and_the_same_answers(tmp_path, model):
    save_checkpoint(
        tmp_path, model.state_dict(), "shufflenet_v2_x0_5", HEAD_WIDTHS, CLASSES, PREPROCESSING, {"epoch": 3}
    )
    loaded = load_checkpoint(tmp_path)
    assert (loaded.arch, loaded.classes, loaded.preprocessing, loaded.facts) == (
        "shufflenet_v2_x0_5",
        CLASSES,
        PREPROCESSING,
        {"epoch": 3},
    )
    pictures = torch.randn(2, 3, 48, 48)
    with torch.inference_mode():
        assert torch.allclose(loaded.model(pictures), model(pictures), atol=1e-5)
    assert not loaded.model.training


@pytest.mark.parametrize(
    "arch", ["resnet18", "vit_b_32", "swin_t", "regnet_y_400mf", "googlenet", "mobilenet_v3_small"]
)
def test_no_weights_are_drawn_for_a_model_that_the_file_gives_them(tmp_path, arch):
    made = create_model(arch, 3)
    save_checkpoint(tmp_path, made.state_dict(), arch, HEAD_WIDTHS, CLASSES, PREPROCESSING, {})
    before = torch.get_rng_state()
    loaded = load_checkpoint(tmp_path).model
    assert torch.equal(torch.get_rng_state(), before)
    wanted, found = ({**dict(model.named_parameters()), **dict(model.named_buffers())} for model in (made, loaded))
    assert wanted.keys() == found.keys() and all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_temperature_and_threshold_travel_in_the_file(tmp_path, model):
    save_checkpoint(
        tmp_path,
        model.state_dict(),
        "shufflenet_v2_x0_5",
        HEAD_WIDTHS,
        CLASSES,
        PREPROCESSING,
        {},
        temperature=0.62,
        unknown_below=0.4,
    )
    loaded = load_checkpoint(tmp_path)
    assert (loaded.temperature, loaded.unknown_below) == (0.62, 0.4)


def test_a_file_from_before_there_were_temperature_and_threshold_has_none(described):
    loaded = load_checkpoint(described(temperature=None, unknown_below=None))
    assert (loaded.temperature, loaded.unknown_below) == (1.0, 0.0)


def test_only_the_model_file_is_left(tmp_path, model):
    for epoch in (1, 2):
        save_checkpoint(
            tmp_path, model.state_dict(), "shufflenet_v2_x0_5", HEAD_WIDTHS, CLASSES, PREPROCESSING, {"epoch": epoch}
        )
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert load_checkpoint(tmp_path).facts == {"epoch": 2}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnusableCheckpoint, match=f"There is no {FILE_NAME}"):
        load_checkpoint(tmp_path)


def test_where_there_is_no_model_file_it_says_what_there_is(tmp_path):
    with pytest.raises(UnusableCheckpoint, match="which is empty: this is not a model that the train image wrote"):
        load_checkpoint(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / FILE_NAME).write_bytes(b"packed with its folder")
    with pytest.raises(UnusableCheckpoint, match=f"which holds model/{FILE_NAME}: this is not a model"):
        load_checkpoint(tmp_path)


def test_a_file_that_cannot_be_written_is_said_with_its_name(tmp_path):
    with pytest.raises(OSError, match=r"missing/a\.safetensors could not be written: "):
        write_tensors({"a": torch.zeros(1)}, tmp_path / "missing/a.safetensors")


def test_a_torn_file_is_named(tmp_path, model):
    path = save_checkpoint(tmp_path, model.state_dict(), "shufflenet_v2_x0_5", HEAD_WIDTHS, CLASSES, PREPROCESSING, {})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UnusableCheckpoint, match="cannot be read"):
        load_checkpoint(tmp_path)


def test_a_file_of_another_program_is_named(tmp_path):
    safetensors.torch.save_file({"a": torch.zeros(1)}, tmp_path / FILE_NAME)
    with pytest.raises(UnusableCheckpoint, match=f"not in the format {FORMAT}"):
        load_checkpoint(tmp_path)


@pytest.fixture
def described(tmp_path, model):
    """described(**changes) -> the folder of a model file whose description has these fields instead; None: without the
    field.
    """

    def described(**changes):
        path = save_checkpoint(
            tmp_path, model.state_dict(), "shufflenet_v2_x0_5", HEAD_WIDTHS, CLASSES, PREPROCESSING, {}
        )
        with safetensors.safe_open(path, "pt") as file:
            fields = json.loads(file.metadata()[FORMAT])
        fields |= changes
        text = json.dumps({name: value for name, value in fields.items() if value is not None})
        safetensors.torch.save_file(
            {name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path, {FORMAT: text}
        )
        return tmp_path

    return described


def preprocessing(**changes):
    return {**PREPROCESSING.to_dict(), **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"classes": None}, "lacks classes"),
        ({"classes": None, "arch": None}, "lacks arch, classes"),
        ({"classes": "Beagle"}, 'must have a list of names as classes, not "Beagle"'),
        ({"classes": []}, "a list of names as classes, not []"),
        ({"classes": ["a", 1, None]}, 'as classes, not ["a", 1, null]'),
        ({"classes": {"0": "a"}}, "a list of names"),
        ({"classes": ["x" * 500]}, "does not hold the tensors|of the shape"),
        ({"arch": 18}, "the name of an architecture as arch, not 18"),
        ({"arch": "resnet9000"}, "an architecture that is not in this image: 'resnet9000'"),
        ({"arch": "resnet18"}, "does not hold the tensors of a resnet18: it lacks "),
        ({"head_widths": [512.5]}, "head_widths"),
        ({"head_widths": [True]}, "head_widths"),
        ({"head_widths": [10**12]}, "head_widths"),
        ({"head_widths": [999_999, 999_999]}, "the head that its description has"),
        ({"head_widths": [1] * 100_000}, "the head that its description has"),
        ({"head_widths": [512, 128]}, "of the shape"),
        (
            {"preprocessing": [224]},
            "must have an object with image_size, square_size, mean, std, interpolation as preprocessing, not [224]",
        ),
        (
            {"preprocessing": {"image_size": 48}},
            "lacks preprocessing.square_size, preprocessing.mean, preprocessing.std",
        ),
        ({"preprocessing": preprocessing(extra=1)}, 'has an unknown field "preprocessing.extra"'),
        ({"preprocessing": preprocessing(image_size=0)}, "preprocessing.image_size"),
        ({"preprocessing": preprocessing(square_size=10)}, "preprocessing.square_size"),
        ({"preprocessing": preprocessing(square_size=10**6 - 1)}, "preprocessing.square_size"),
        ({"preprocessing": preprocessing(mean=[0.5])}, "three numbers as preprocessing.mean, not [0.5]"),
        ({"preprocessing": preprocessing(std=[0.5, 0.5, 0])}, "three numbers above 0 as preprocessing.std"),
        ({"preprocessing": preprocessing(std=[0.5, 0.5, float("nan")])}, "preprocessing.std"),
        ({"test_flip": "yes"}, "true or false as test_flip"),
        ({"temperature": 0}, "must have a number from 0.001 to 1000 as temperature, not 0"),
        ({"temperature": -1.5}, "temperature"),
        ({"temperature": 1e-300}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": "1"}, 'as temperature, not "1"'),
        ({"temperature": True}, "as temperature, not true"),
        ({"unknown_below": 1.01}, "must have a number from 0 to 1 as unknown_below, not 1.01"),
        ({"unknown_below": -0.1}, "unknown_below"),
        ({"unknown_below": [0.5]}, "unknown_below"),
        ({"facts": []}, "facts"),
        ({"surprise": 1}, "unknown field"),
    ],
)
def test_a_description_that_is_wrong_ends_in_one_sentence_with_what_was_expected_and_found(described, changes, said):
    folder = described(**changes)
    with pytest.raises(UnusableCheckpoint) as failure:
        load_checkpoint(folder)
    message = str(failure.value)
    assert any(one in message for one in said.split("|")), message
    assert FILE_NAME in message and message.endswith(".") and "\n" not in message and len(message) < 500


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", "[" * 100_000, '{"arch": ' + "9" * 5000 + "}", "\ud83d"])
def test_metadata_that_is_not_our_json_is_named(tmp_path, text):
    header = json.dumps(
        {"__metadata__": {FORMAT: text}, "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    ).encode()
    (tmp_path / FILE_NAME).write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with pytest.raises(UnusableCheckpoint, match=FILE_NAME) as failure:
        load_checkpoint(tmp_path)
    assert "\n" not in str(failure.value) and len(str(failure.value)) < 500


HEADERS = {
    "huge": struct.pack("<Q", 2**62),
    "longer than the file": struct.pack("<Q", 1000) + b"{}",
    "a list": struct.pack("<Q", 2) + b"[]",
    "no tensor": struct.pack("<Q", 2) + b"{}",
    "metadata that are numbers": struct.pack("<Q", 24) + b'{"__metadata__":{"a":1}}',
    "overflowing shape": (lambda text: struct.pack("<Q", len(text)) + text)(
        json.dumps({"a": {"dtype": "F32", "shape": [2**62, 2**62], "data_offsets": [0, 4]}}).encode()
    ),
    "not UTF-8": struct.pack("<Q", 4) + b"{\xff}\n",
}


@pytest.mark.parametrize("content", HEADERS.values(), ids=HEADERS)
def test_an_odd_header_is_named(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content + bytes(4) * (not content.startswith(struct.pack("<Q", 2))))
    with pytest.raises(UnusableCheckpoint, match=r"cannot be read|not in the format") as failure:
        load_checkpoint(tmp_path)
    assert "\n" not in str(failure.value) and len(str(failure.value)) < 500


def test_weights_of_another_kind_of_number_are_named(tmp_path, model):
    halves = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in model.state_dict().items()
    }
    save_checkpoint(tmp_path, halves, "shufflenet_v2_x0_5", HEAD_WIDTHS, CLASSES, PREPROCESSING, {})
    with pytest.raises(UnusableCheckpoint, match="as float16, and a shufflenet_v2_x0_5 has it as float32"):
        load_checkpoint(tmp_path)
