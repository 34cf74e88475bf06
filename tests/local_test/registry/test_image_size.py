"""What ECR says an image takes: its layers as they are pulled; of an index, the largest image in it."""

import json

from local_test.registry.ecr import image_size
from local_test.registry.registry_api import Manifest


def manifest(digest, **content):
    return Manifest(digest, "any", json.dumps(content))


def image(digest, *sizes):
    return manifest(digest, config={"size": 7}, layers=[{"size": size} for size in sizes])


def test_an_image_is_as_large_as_its_layers_without_its_config():
    assert image_size(image("a", 10, 20), of_digest=None) == 30
    assert image_size(image("a"), of_digest=None) == 0


def test_an_index_is_as_large_as_its_largest_image():
    held = {"small": image("small", 1), "large": image("large", 5, 5)}
    index = manifest("index", manifests=[{"digest": "small", "size": 999}, {"digest": "large", "size": 999}])
    assert image_size(index, held.__getitem__) == 10
