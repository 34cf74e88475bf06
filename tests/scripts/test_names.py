"""Names: what a prefix made is found again, and no other prefix takes it for its own."""

import itertools

import pytest

from scripts.config import names
from tests.scripts.service_model import problems

STAMP = "20261122-185200-123"
PREFIXES = [
    "d",
    "dog",
    "dog-house",
    "dogbreed",
    "dog-tune",
    "dog-tunes",
    "dog-features",
    "tune",
    "train",
    "dog-tune-tune",
    "dog-tunes-and-more",
    "do-training-place",
    "do-tune-up-the-model",
    "dog-house-of-mine",
    "dog-house-of-ours",
    "d" * 13,
    "d" * 14,
    "d" * 32,
    "a-b-c-d-e-f-g-h-i-j",
    "dog-transform",
    "dogh-1a2b3c4d",
]
MADE = [
    (names.training_job, names.is_training_job),
    (names.features_job, names.is_features_job),
    (names.transform_job, names.is_transform_job),
    (names.tuning_job, names.is_tuning_job),
    (lambda prefix, stamp: f"{names.tuning_job(prefix, stamp)}-007-1a2b3c4d", names.is_trial),
]


def test_a_name_belongs_to_one_prefix_and_one_kind():
    for (prefix, other), (make, is_ours) in itertools.product(itertools.product(PREFIXES, PREFIXES), MADE):
        taken = [one for _, one in MADE if one(other, make(prefix, STAMP))]
        assert taken == ([is_ours] if prefix == other else []), (make(prefix, STAMP), prefix, other)


@pytest.mark.parametrize("chosen", ["tune-x", "train-x", "x-train-001-1a2b3c4d", "features-20261122-185200-123"])
def test_a_job_whose_name_a_user_chose_belongs_to_one_prefix(chosen):
    taken = [(other, is_ours) for other in PREFIXES for _, is_ours in MADE if is_ours(other, f"dog-train-{chosen}")]
    assert taken == [("dog", names.is_training_job)]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_tuning_job_has_a_name_that_the_service_takes(prefix):
    request = {"HyperParameterTuningJobName": names.tuning_job(prefix, STAMP)}
    assert problems("sagemaker", "DescribeHyperParameterTuningJob", request) == []


def test_a_prefix_that_fits_stands_whole_in_a_tuning_jobs_name():
    assert names.tuning_job("dogbreed", STAMP) == "dogbreed-tune-261122-185200"
    assert names.tuning_job("d" * 13, STAMP) == f"{'d' * 13}-tune-261122-185200"
    assert len(names.tuning_job("d" * 14, STAMP)) == 32


def test_prefixes_that_begin_alike_have_tuning_jobs_of_their_own():
    assert names.tuning_prefix("dog-house-of-mine").startswith("dogh-")
    assert names.tuning_prefix("dog-house-of-mine") != names.tuning_prefix("dog-house-of-ours")


@pytest.mark.parametrize(
    "name, is_ours",
    [
        ("dogbreed-tune-mine", True),
        ("dogbreed-tune-a-b-2", True),
        ("dogbreed-tune-", False),
        ("dogbreed-tune-a_b", False),
        ("dogbreed-tune-" + "a" * 18, True),
        ("dogbreed-tune-" + "a" * 19, False),
        ("dogbreed-tune-tune-x", False),
        ("dogbreed-tune-x-tune", False),
        ("dogbreed-tune-001-1a2b3c4d", False),
        ("dogbreed-tune-x-001-1a2b3c4d", False),
        ("dogbreed-tuned-x", False),
        ("dogbreed", False),
    ],
)
def test_what_follows_tune_may_be_chosen(name, is_ours):
    assert names.is_tuning_job("dogbreed", name) is is_ours


@pytest.mark.parametrize(
    "name, is_ours",
    [
        ("dogbreed-tune-261122-185200-001-1a2b3c4d", True),
        ("dogbreed-tune-mine-1000-1a2b3c4d", True),
        ("dogbreed-tune-mine-01-1a2b3c4d", False),
        ("dogbreed-tune-mine-001-1a2b3c4", False),
        ("dogbreed-train-mine-001-1a2b3c4d", False),
    ],
)
def test_a_trial_is_told_by_its_tuning_jobs_name_its_number_and_its_ending(name, is_ours):
    assert names.is_trial("dogbreed", name) is is_ours
