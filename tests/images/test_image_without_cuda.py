"""`make build-serve-cpu`: PyPI's torch without its CUDA libraries serves as the serve image does, on a CPU."""

import json
import subprocess
from pathlib import Path

import pytest

from local_test.host.labels import labels
from tests.built_images import built_image

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, pathlib, sys
import torch, torchvision
site = pathlib.Path(torch.__file__).parents[1]
layer = torch.nn.Conv2d(3, 8, 3)
picture = torch.ones(1, 3, 32, 32)
with torch.autocast("cpu", torch.bfloat16):
    half = layer(picture)
boxes = torch.tensor([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 8.9]])
print(json.dumps({
    "available": torch.cuda.is_available(),
    "devices": torch.cuda.device_count(),
    "nvidia": (site / "nvidia").exists() or (site / "triton").exists(),
    "shape": list(layer(picture).shape),
    "half": str(half.dtype),
    "boxes": torchvision.ops.nms(boxes, torch.tensor([0.9, 0.8]), 0.5).tolist(),
}))
try:
    torch.ones(1, device="cuda")
except RuntimeError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def image():
    """Seconds where its layers are built."""
    subprocess.run([ROOT / "docker/build.sh", "serve-cpu"], check=True)
    return built_image("serve-cpu")


@pytest.fixture(scope="module")
def ran(engine, image):
    """ran(*command) -> what it prints, on stderr too."""

    def run(*command: str) -> str:
        return engine.containers.run(
            image,
            command[1:],
            entrypoint=command[0],
            remove=True,
            stderr=True,
            network_mode="none",
            read_only=True,
            environment={"TMPDIR": "/dev/shm"},
            labels=labels("tests", "without-cuda"),
        ).decode()

    return run


def test_it_is_a_third_of_the_serve_images_size(engine, image, serve_image):
    assert engine.images.get(image).attrs["Size"] * 3 < engine.images.get(serve_image).attrs["Size"]


def test_torch_works_on_the_cpu_finds_no_gpu_and_says_nothing_else(ran):
    first, error = ran("python", "-c", PROGRAM).splitlines()[:2]
    assert json.loads(first) == {
        "available": False,
        "devices": 0,
        "nvidia": False,
        "shape": [1, 8, 30, 30],
        "half": "torch.bfloat16",
        "boxes": [0],
    }
    assert "CUDA" in error or "NVIDIA" in error


def test_pip_misses_nothing(ran):
    assert ran("pip", "check").strip() == "No broken requirements found."


def test_an_endpoint_answers_as_one_of_the_serve_image_does(serving, model, sample, image):
    pictures = sorted((sample / "test").rglob("*.jpg"))
    answers = []
    for one in (image, None):
        with serving(model, {"DOGBREED_TOP_K": "3"}, **({"image": one} if one else {})) as endpoint:
            answers.append([json.loads(endpoint.invoke(file.read_bytes(), "image/jpeg")) for file in pictures])
    for here, there in zip(*answers, strict=True):
        assert [one["label"] for one in here["predictions"]] == [one["label"] for one in there["predictions"]]
        for one, other in zip(here["predictions"], there["predictions"], strict=True):
            assert one["probability"] == pytest.approx(other["probability"], abs=0.01)
