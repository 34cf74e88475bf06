"""CreateTrainingJob: what is not supported is refused by name, and so is what AWS refuses."""

import copy

import pytest

from local_test.api.errors import ValidationException
from local_test.api.request_validation import validate
from local_test.training.instances import selected, with_selected
from local_test.training.supported_fields import check

REQUEST = {
    "TrainingJobName": "job-1",
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "RoleArn": "arn:aws:iam::123456789012:role/local",
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"}},
        },
        {
            "ChannelName": "valid",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "file:///data/valid"}},
        },
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/jobs"},
    "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}

RULE = {"RuleConfigurationName": "Overfit", "RuleEvaluatorImage": "503895931360.dkr.ecr.us-east-1.amazonaws.com/rules"}


def changed(path, value):
    request = copy.deepcopy(REQUEST)
    field = request
    for step in path[:-1]:
        field = field.setdefault(step, {}) if isinstance(field, dict) else field[step]
    field[path[-1]] = value
    return request


def test_a_sound_request_is_taken():
    validate("CreateTrainingJob", REQUEST)
    check(REQUEST)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("InputDataConfig", 0, "CompressionType"), "Gzip", r"InputDataConfig\[0\].CompressionType"),
        (("InputDataConfig", 1, "ShuffleConfig"), {"Seed": 1}, r"InputDataConfig\[1\].ShuffleConfig"),
        (("InputDataConfig", 0, "DataSource", "S3DataSource", "S3DataType"), "AugmentedManifestFile", "S3DataType"),
        (("InputDataConfig", 0, "RecordWrapperType"), "RecordIO", "RecordWrapperType"),
        (("MlflowConfig",), {"MlflowResourceArn": "arn"}, "MlflowConfig"),
        (("ResourceConfig", "InstanceGroups"), [], "ResourceConfig.InstanceGroups"),
        (("CheckpointConfig",), {"S3Uri": "s3://bucket/c", "LocalPath": "checkpoints"}, "CheckpointConfig.LocalPath"),
        (("CheckpointConfig",), {"S3Uri": "s3://bucket/c", "LocalPath": "/"}, "CheckpointConfig.LocalPath"),
        (("InputDataConfig", 1, "ChannelName"), "train", "channel train twice"),
        (("StoppingCondition", "MaxWaitTimeInSeconds"), 7200, "EnableManagedSpotTraining"),
        (("StoppingCondition", "MaxRuntimeInSeconds"), 28 * 24 * 3600 + 1, "at most 28 days"),
        (("ResourceConfig", "InstanceCount"), 0, "resourceConfig.instanceCount' failed to satisfy constraint"),
        (("ResourceConfig", "VolumeKmsKeyId"), "key", "ResourceConfig.VolumeKmsKeyId cannot be given for ml.g4dn"),
        (("ResourceConfig",), {"InstanceType": "ml.m5.large", "InstanceCount": 1}, "VolumeSizeInGB is missing"),
        (("ProfilerConfig",), {"ProfilingIntervalInMilliseconds": 300}, "must be one of 100, 200, 500, 1000"),
        (
            ("DebugHookConfig",),
            {"S3OutputPath": "s3://b/t", "CollectionConfigurations": [{"CollectionName": "losses"}] * 2},
            "collection losses is there twice",
        ),
        (("DebugRuleConfigurations",), [RULE, RULE], "rule configuration Overfit is there twice"),
        (("ProfilerRuleConfigurations",), [RULE, RULE], "rule configuration Overfit is there twice"),
    ],
)
def test_what_would_not_be_done_is_refused_by_name(path, value, named):
    with pytest.raises(ValidationException, match=named):
        check(changed(path, value))


def test_what_aws_takes_is_taken():
    check(changed(("StoppingCondition", "MaxRuntimeInSeconds"), 28 * 24 * 3600))
    check(changed(("ResourceConfig",), {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1}))
    check(
        changed(
            ("ResourceConfig",),
            {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1, "VolumeKmsKeyId": "key"},
        )
    )
    check(changed(("ProfilerConfig",), {"ProfilingIntervalInMilliseconds": 60_000}))


IN_ORDER = [{"InstanceType": kind} for kind in ("ml.g5.xlarge", "ml.g4dn.xlarge")]
COUNTED = [{**one, "InstanceCount": 3} for one in IN_ORDER]


@pytest.mark.parametrize(
    ("resources", "runs_on"),
    [
        ({"InstancePreferences": IN_ORDER, "InstanceCount": 2}, ("ml.g5.xlarge", 2)),
        ({"InstancePreferences": COUNTED}, ("ml.g5.xlarge", 3)),
        ({"InstancePreferences": IN_ORDER[:1], "InstanceCount": 1, "VolumeSizeInGB": 9}, ("ml.g5.xlarge", 1)),
    ],
)
def test_of_several_instance_types_a_job_gets_the_first(resources, runs_on):
    request = changed(("ResourceConfig",), resources)
    validate("CreateTrainingJob", request)
    check(request)
    assert selected(resources) == runs_on
    described = with_selected(resources)
    assert (described["SelectedInstanceType"], described["SelectedInstanceCount"]) == runs_on
    assert described["InstancePreferences"] == resources["InstancePreferences"]


def test_a_job_of_one_instance_type_is_described_as_it_was_asked_for():
    assert with_selected(REQUEST["ResourceConfig"]) == REQUEST["ResourceConfig"]


@pytest.mark.parametrize(
    ("resources", "more", "named"),
    [
        ({"InstancePreferences": IN_ORDER, "InstanceCount": 1, "InstanceType": "ml.g5.xlarge"}, {}, "InstanceType"),
        ({"InstancePreferences": IN_ORDER, "InstanceCount": 1}, {"EnableManagedSpotTraining": True}, "excludes Enable"),
        ({"InstancePreferences": IN_ORDER[:1] * 2, "InstanceCount": 1}, {}, "names ml.g5.xlarge twice"),
        ({"InstancePreferences": IN_ORDER}, {}, "either in ResourceConfig or in every one"),
        ({"InstancePreferences": [IN_ORDER[0], COUNTED[1]]}, {}, "either in ResourceConfig or in every one"),
        ({"InstancePreferences": COUNTED, "InstanceCount": 1}, {}, "either in ResourceConfig or in every one"),
        (
            {"InstancePreferences": [*IN_ORDER, {"InstanceType": "ml.m5.large"}], "InstanceCount": 1},
            {},
            "ml.m5.large has no storage of its own",
        ),
    ],
)
def test_instance_types_that_aws_would_not_choose_among_are_refused(resources, more, named):
    with pytest.raises(ValidationException, match=named):
        check({**changed(("ResourceConfig",), resources), **more})


def test_a_shell_may_be_asked_for_and_strict_takes_it_too():
    check(changed(("RemoteDebugConfig",), {"EnableRemoteDebug": True}), strict=True)


def test_a_spot_job_has_no_warm_pool():
    limits = {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 3600}
    request = {
        **changed(("ResourceConfig", "KeepAlivePeriodInSeconds"), 60),
        "EnableManagedSpotTraining": True,
        "StoppingCondition": limits,
    }
    with pytest.raises(ValidationException, match="KeepAlivePeriodInSeconds cannot be specified"):
        check(request)


def test_what_has_no_effect_is_taken_but_by_strict():
    request = changed(("VpcConfig",), {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]})
    check(request)
    with pytest.raises(ValidationException, match="VpcConfig has no effect"):
        check(request, strict=True)


def test_a_spot_job_may_not_wait_shorter_than_it_may_run():
    request = {**REQUEST, "EnableManagedSpotTraining": True}
    with pytest.raises(ValidationException, match="MaxWaitTimeInSeconds above 0 must be specified"):
        check(request)
    with pytest.raises(ValidationException, match="greater than or equal to MaxRuntimeInSeconds"):
        check({**request, "StoppingCondition": {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 60}})
    check({**request, "StoppingCondition": {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 3600}})


def test_two_folders_that_are_one_are_refused():
    kept = {"S3OutputPath": "s3://bucket/t", "S3Uri": "s3://bucket/c", "LocalPath": "/opt/ml/checkpoints/"}
    request = {
        **REQUEST,
        "CheckpointConfig": kept,
        "TensorBoardOutputConfig": {**kept, "LocalPath": "/opt/ml/checkpoints"},
    }
    with pytest.raises(
        ValidationException, match=r"CheckpointConfig.LocalPath is /opt/ml/checkpoints, and so is another"
    ):
        check(request)


@pytest.mark.parametrize("field", ["AlgorithmSpecification", "ResourceConfig"])
def test_what_only_serverless_jobs_may_lack_is_missed_by_name(field):
    request = {name: value for name, value in REQUEST.items() if name != field}
    validate("CreateTrainingJob", request)
    with pytest.raises(ValidationException, match=field):
        check(request)
