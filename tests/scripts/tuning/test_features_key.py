"""When trials share features, and what makes a key another one."""

import pytest

from contract.feature_sharing import keeping_apart, trains_on_features
from scripts.aws.objects import StoredObject
from scripts.config.hyperparameters import check_instances
from scripts.console.failure import Failure
from scripts.tuning.features import features_key

FROZEN = {"freeze-backbone": "true", "epochs": "5"}


@pytest.mark.parametrize(
    "more, on_features",
    [
        ({}, True),
        ({"freeze-backbone": "1"}, True),
        ({"freeze-backbone": '"True"'}, True),
        ({"freeze-backbone": "yes"}, True),
        ({"freeze-backbone": "false"}, False),
        ({"feature-views": "8"}, True),
        ({"feature-views": "0"}, False),
        ({"feature-views": '"0.0"'}, False),
        ({"mixup": "0"}, True),
        ({"mixup": "0.2"}, False),
        ({"lr": "0.1"}, True),
        ({"cutmix": "0"}, True),
        ({"cutmix": "1"}, False),
        ({"trivial-augment": "yes"}, False),
        ({"test-flip": "true"}, False),
        ({"test-flip": "false"}, True),
    ],
)
def test_a_frozen_backbone_with_views_and_nothing_that_needs_pixels_trains_on_features(more, on_features):
    assert trains_on_features({**FROZEN, **more}) is on_features


@pytest.mark.parametrize(
    "count, hyperparameters", [(1, FROZEN), (2, {**FROZEN, "feature-views": "0"}), (2, {"epochs": "5"})]
)
def test_pictures_may_be_trained_on_by_several_instances_and_features_by_one(count, hyperparameters):
    check_instances(count, hyperparameters)
    check_instances(2, FROZEN, ["lr", "mixup"])
    with pytest.raises(Failure, match=r"train.instance-count is 2, and one instance makes and uses the features"):
        check_instances(2, FROZEN, ["lr"])


def test_without_freezing_nothing_trains_on_features():
    assert not trains_on_features({"epochs": "5"})


@pytest.mark.parametrize(
    "static, tuned, apart",
    [
        ({}, ["lr", "batch-size", "dropout", "weight-decay", "seed"], []),
        ({}, ["lr", "arch"], ["arch"]),
        ({}, ["pretrained"], ["pretrained"]),
        ({}, ["image-size", "min-crop"], ["image-size", "min-crop"]),
        ({}, ["freeze-backbone"], ["freeze-backbone"]),
        ({}, ["feature-views"], ["feature-views"]),
        ({}, ["mixup", "lr"], ["mixup"]),
        ({}, ["cutmix", "trivial-augment", "test-flip", "ema"], ["cutmix", "trivial-augment", "test-flip"]),
        ({"pretrained": "none"}, ["seed"], ["seed"]),
        ({"pretrained": "auto"}, ["seed"], []),
    ],
)
def test_a_tuned_hyperparameter_that_decides_the_features_keeps_trials_apart(static, tuned, apart):
    assert keeping_apart(static, tuned) == apart


STATIC = {**FROZEN, "arch": "resnet18", "image-size": "224"}
OBJECTS = {
    "train": {"A/x.jpg": StoredObject(3, "abc"), "B/y.jpg": StoredObject(4, "def")},
    "valid": {"A/z.jpg": StoredObject(5, "123")},
}


def key(image="host/train:1", static=STATIC, objects=OBJECTS):
    return features_key(image, static, objects)


def test_what_decides_nothing_leaves_the_key_as_it_is():
    assert len(key()) == 12
    assert key(static={**STATIC, "lr": "0.1", "epochs": "50", "workers": "4", "seed": "3"}) == key()
    assert key(objects={"valid": OBJECTS["valid"], "train": dict(reversed(OBJECTS["train"].items()))}) == key()


@pytest.mark.parametrize(
    "change",
    [
        {"image": "host/train:2"},
        {"static": {**STATIC, "arch": "resnet34"}},
        {"static": {**STATIC, "min-crop": "0.5"}},
        {"static": {**STATIC, "feature-views": "8"}},
        {"static": {**STATIC, "pretrained": "none"}},
        {"objects": {**OBJECTS, "test": {}}},
        {"objects": {"train": OBJECTS["train"]}},
        {"objects": {**OBJECTS, "valid": {"A/z.jpg": StoredObject(6, "123")}}},
        {"objects": {**OBJECTS, "valid": {"A/z.jpg": StoredObject(5, "124")}}},
        {"objects": {**OBJECTS, "valid": {"B/z.jpg": StoredObject(5, "123")}}},
        {"objects": {**OBJECTS, "pretrained": {"resnet18.pth": StoredObject(9, "9")}}},
    ],
)
def test_what_decides_the_features_makes_another_key(change):
    assert key(**change) != key()


def test_random_weights_of_another_seed_are_other_features():
    static = {**STATIC, "pretrained": "none"}
    assert key(static={**static, "seed": "1"}) != key(static={**static, "seed": "2"})
