"""The local request is one that AWS would take, and what is not honoured is refused by name."""

import copy
from pathlib import Path

import botocore.session
import pytest
from botocore.validate import ParamValidator

from local_test.honoured_fields import NotHonoured, check_honoured
from local_test.local_request import epochs_for, training_request


@pytest.fixture
def request_(tmp_path):
    for split in ("train", "valid", "test"):
        (tmp_path / split).mkdir()
    return training_request("dogbreed-train:abc", tmp_path, {"epochs": "3"}, Path("out"))


def test_it_follows_the_service_model(request_):
    model = botocore.session.get_session().get_service_model("sagemaker")
    report = ParamValidator().validate(request_, model.operation_model("CreateTrainingJob").input_shape)
    assert not report.has_errors(), report.generate_report()


def test_it_is_honoured_in_full(request_):
    check_honoured(request_)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("EnableManagedSpotTraining",), True, "EnableManagedSpotTraining"),
        (("ResourceConfig", "InstanceCount"), 2, "ResourceConfig.InstanceCount"),
        (("AlgorithmSpecification", "TrainingInputMode"), "Pipe", "AlgorithmSpecification.TrainingInputMode"),
        (("InputDataConfig", 0, "CompressionType"), "Gzip", r"InputDataConfig\[0\].CompressionType"),
        (("OutputDataConfig", "KmsKeyId"), "key", "OutputDataConfig.KmsKeyId"),
    ],
)
def test_what_is_not_honoured_is_refused_by_name(request_, path, value, named):
    changed = copy.deepcopy(request_)
    field = changed
    for step in path[:-1]:
        field = field[step]
    field[path[-1]] = value
    with pytest.raises(NotHonoured, match=named):
        check_honoured(changed)


@pytest.mark.parametrize(("pictures", "epochs"), [(1_000, 60), (59_999, 2), (1_000_000, 1), (10, 200)])
def test_epochs_show_the_views_asked_for_within_bounds(pictures, epochs):
    assert epochs_for(pictures, 60_000) == epochs
