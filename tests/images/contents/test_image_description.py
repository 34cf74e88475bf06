"""An image's size, layers and labels, and that no secret of the build is in it."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def test_the_torch_layers_are_shared_and_none_is_huge(engine, train_image, serve_image):
    """What an image has of its own is small: all of torch and CUDA is in the layers that both begin with."""
    first, second = (engine.images.get(name) for name in (train_image, serve_image))
    # strict=False: what follows what they share is of different lengths.
    shared = [
        one
        for one, other in zip(first.attrs["RootFS"]["Layers"], second.attrs["RootFS"]["Layers"], strict=False)
        if one == other
    ]
    for image in (first, second):
        own = len(image.attrs["RootFS"]["Layers"]) - len(shared)
        newest_first = [entry["Size"] for entry in image.history()]
        torch_layers = [index for index, size in enumerate(newest_first) if size > 1.5e9]
        # Steps without a layer lie between the layers, so a shared layer is at least as deep as the image's own count.
        assert own > 0 and torch_layers[0] >= own and sum(newest_first[: torch_layers[0]]) < 0.7e9
        assert len(torch_layers) == 3 and max(newest_first) < 2.4e9


@pytest.mark.parametrize("kind, most", [("serve_image", 6.45e9), ("train_image", 6.5e9)])
def test_an_image_is_hardly_larger_than_what_torch_links_to(engine, request, kind, most):
    """5.8 GB are torch's own libraries, those they are linked to (torch does not import without one), and cuDNN's
    parts.
    """
    assert engine.images.get(request.getfixturevalue(kind)).attrs["Size"] < most


def test_oci_labels_name_the_revision(engine, name):
    given = engine.images.get(name).labels
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert given["org.opencontainers.image.revision"] == revision
    assert given["org.opencontainers.image.version"] == name.split(":")[1]
    assert given["org.opencontainers.image.source"] and "@" not in given["org.opencontainers.image.source"]


def test_labels_and_history_name_the_base_and_when_it_was_renewed(engine, name):
    image = engine.images.get(name)
    assert image.labels["org.opencontainers.image.base.name"] and image.labels[
        "org.opencontainers.image.base.digest"
    ].startswith("sha256:")
    renewed = re.search(r"^renewed=(\S+)$", (ROOT / "docker/base.pin").read_text(), re.MULTILINE)[1]
    assert any(f"RENEWED={renewed}" in entry["CreatedBy"] for entry in image.history())


def test_sagemaker_labels_say_what_is_true(engine, serve_image):
    given = engine.images.get(serve_image).labels
    assert given["com.amazonaws.sagemaker.capabilities.accept-bind-to-port"] == "true"
    assert given["com.amazonaws.sagemaker.capabilities.multi-models"] == "true"


def test_nvidia_variables_are_set(engine, name):
    environment = dict(entry.split("=", 1) for entry in engine.images.get(name).attrs["Config"]["Env"])
    assert environment["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert set(environment["NVIDIA_DRIVER_CAPABILITIES"].split(",")) == {"compute", "utility"}
