"""A trial's request for its training job."""

from local_test.api.request_validation import validate
from local_test.tuning.training_request import training_job_name, training_request
from tests.local_test.tuning.tuning_job import NOTHING, record

TUNED = {"lr": "0.01", "batch-size": '"64"'}


def test_it_is_what_the_definition_says_with_the_trials_own_hyperparameters():
    tuning_job = record(
        ("TrainingJobDefinition.Environment", {"A": "b"}),
        ("TrainingJobDefinition.RetryStrategy", {"MaximumRetryAttempts": 2}),
    )
    request = training_request(tuning_job, 3, TUNED, [{"Key": "a", "Value": "b"}])
    validate("CreateTrainingJob", request)
    assert request["HyperParameters"] == {
        "epochs": "9",
        "lr": "0.01",
        "batch-size": '"64"',
        "_tuning_objective_metric": "valid_accuracy",
    }
    assert request["Tags"] == [{"Key": "a", "Value": "b"}]
    for field in (
        "AlgorithmSpecification",
        "RoleArn",
        "InputDataConfig",
        "OutputDataConfig",
        "ResourceConfig",
        "StoppingCondition",
        "Environment",
        "RetryStrategy",
    ):
        assert request[field] == tuning_job["TrainingJobDefinition"][field]
    assert not {"StaticHyperParameters", "DefinitionName", "HyperParameterTuningResourceConfig"} & request.keys()


def test_the_tuning_jobs_own_form_of_resources_is_understood():
    resources = {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 1}
    tuning_job = record(
        ("TrainingJobDefinition.ResourceConfig", NOTHING),
        ("TrainingJobDefinition.HyperParameterTuningResourceConfig", resources),
    )
    assert training_request(tuning_job, 1, TUNED, [])["ResourceConfig"] == resources


def test_of_several_instance_types_a_trial_gets_the_first():
    configs = [
        {"InstanceType": kind, "InstanceCount": count, "VolumeSizeInGB": 1}
        for kind, count in (("ml.g5.xlarge", 1), ("ml.g4dn.xlarge", 2))
    ]
    tuning_job = record(
        ("TrainingJobDefinition.ResourceConfig", NOTHING),
        (
            "TrainingJobDefinition.HyperParameterTuningResourceConfig",
            {"AllocationStrategy": "Prioritized", "InstanceConfigs": configs},
        ),
    )
    assert training_request(tuning_job, 1, TUNED, [])["ResourceConfig"] == configs[0]


def test_every_trial_has_its_checkpoints_below_a_prefix_of_its_own():
    tuning_job = record(
        ("TrainingJobDefinition.CheckpointConfig", {"S3Uri": "s3://bucket/kept/", "LocalPath": "/opt/ml/kept"})
    )
    first, second = (training_request(tuning_job, number, TUNED, [])["CheckpointConfig"] for number in (1, 2))
    assert first == {"S3Uri": f"s3://bucket/kept/{training_job_name(tuning_job, 1)}", "LocalPath": "/opt/ml/kept"}
    assert first != second


def test_names_are_numbered_stable_and_another_ones_in_a_later_tuning_job_of_the_same_name():
    long = record(("HyperParameterTuningJobName", "n" * 32))
    assert training_job_name(long, 7) == training_job_name(long, 7)
    assert training_job_name(long, 7).startswith(f"{'n' * 32}-007-") and len(training_job_name(long, 9999)) <= 63
    assert training_job_name(long, 7) != training_job_name({**long, "CreationTime": 1001.0}, 7)
