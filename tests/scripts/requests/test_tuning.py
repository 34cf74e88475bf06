"""Tuning jobs and the job that makes their features: allowed by the service's own model, and as the settings say."""

import pytest

from scripts.config.names import features_job, timestamp, tuning_job
from scripts.config.ranges import Categories, Interval, ranges_of_request
from scripts.requests.training_job import features_job_request, features_uri
from scripts.requests.tuning_job import tuning_job_request
from tests.scripts.requests.requested import LONGEST_PREFIX, ROLE, SPLITS, a_training_job, layout, settings
from tests.scripts.service_model import problems
from tests.scripts.tuning.jobs import EVERY_KIND

STATIC = {"epochs": "20"}


def a_tuning_job(chosen, channels=None, ranges=None, parents=(), warm_start_type="TransferLearning"):
    return tuning_job_request(
        chosen,
        layout(chosen.prefix),
        name=tuning_job(chosen.prefix, timestamp()),
        image="host:5055/dogbreed-train:abc",
        role_arn=ROLE,
        channels=channels or SPLITS,
        static=STATIC,
        ranges=ranges or chosen.tune.ranges,
        parents=list(parents),
        warm_start_type=warm_start_type,
    )


def config(**environment):
    return a_tuning_job(settings(**environment))["HyperParameterTuningJobConfig"]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"image_prefix": LONGEST_PREFIX},
        {"image_prefix": "d"},
        {"sagemaker_tune_strategy": "Random", "sagemaker_tune_early_stopping": "true", "sagemaker_tune_seed": "0"},
        {
            "sagemaker_tune_strategy": "Hyperband",
            "sagemaker_tune_hyperband_min_epochs": "1",
            "sagemaker_tune_hyperband_max_epochs": "20",
        },
        {"sagemaker_tune_target": "0.9", "sagemaker_tune_not_improving": "3", "sagemaker_tune_convergence": "true"},
        {
            "sagemaker_tune_max_runtime_seconds": "120",
            "sagemaker_train_spot": "true",
            "sagemaker_train_input_mode": "FastFile",
        },
    ],
)
def test_a_tuning_job_is_one_that_sagemaker_takes(environment):
    request = a_tuning_job(settings(**environment), parents=["dogbreed-tune-a", "dogbreed-tune-b"])
    assert problems("sagemaker", "CreateHyperParameterTuningJob", request) == []


def test_a_tuning_job_searches_the_ranges_that_it_was_given():
    request = a_tuning_job(settings(), ranges=EVERY_KIND)
    assert problems("sagemaker", "CreateHyperParameterTuningJob", request) == []
    sent = request["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert ranges_of_request(sent) == EVERY_KIND
    assert sent["ContinuousParameterRanges"][0] == {
        "Name": "lr",
        "MinValue": "1e-05",
        "MaxValue": "0.1",
        "ScalingType": "Logarithmic",
    }
    assert sent["IntegerParameterRanges"] == [
        {"Name": "warmup-epochs", "MinValue": "1", "MaxValue": "5", "ScalingType": "Auto"}
    ]
    assert sent["CategoricalParameterRanges"][0] == {"Name": "batch-size", "Values": ["32", "64", "128", "256"]}


def test_a_tuning_job_without_a_kind_of_range_leaves_that_out():
    only = a_tuning_job(settings(), ranges={"lr": Interval(0.1, 0.2, False, "auto")})["HyperParameterTuningJobConfig"][
        "ParameterRanges"
    ]
    assert only.keys() == {"ContinuousParameterRanges"}


def test_a_trial_is_trained_as_a_training_job_is():
    chosen = settings(sagemaker_train_spot="true")
    alone, of_many = a_training_job(chosen), a_tuning_job(chosen)["TrainingJobDefinition"]
    shared = {
        "AlgorithmSpecification",
        "RoleArn",
        "InputDataConfig",
        "OutputDataConfig",
        "ResourceConfig",
        "StoppingCondition",
        "EnableManagedSpotTraining",
        "EnableNetworkIsolation",
    }
    assert {name: alone[name] for name in shared} == {name: of_many[name] for name in shared}
    assert of_many.keys() - shared == {"StaticHyperParameters", "CheckpointConfig"}
    assert of_many["StaticHyperParameters"] == STATIC


def test_features_are_copied_before_a_trial_starts_and_pictures_come_as_the_settings_say():
    chosen = settings(sagemaker_train_input_mode="FastFile")
    definition = a_tuning_job(chosen, {"features": "s3://some-bucket/features/", **SPLITS})["TrainingJobDefinition"]
    assert definition["AlgorithmSpecification"]["TrainingInputMode"] == "FastFile"
    modes = {one["ChannelName"]: one.get("InputMode") for one in definition["InputDataConfig"]}
    assert modes == {"features": "File", "train": None, "valid": None, "test": None}


def test_the_checkpoints_of_a_trial_lie_where_those_of_a_training_job_would():
    root = f"s3://{'b' * 63}/dogbreed/checkpoints"  # the service appends the trial's name
    assert a_tuning_job(settings())["TrainingJobDefinition"]["CheckpointConfig"] == {
        "S3Uri": root,
        "LocalPath": "/opt/ml/checkpoints",
    }


@pytest.mark.parametrize(
    "metric, kind",
    [
        ("valid_accuracy", "Maximize"),
        ("test_accuracy", "Maximize"),
        ("test_top5", "Maximize"),
        ("train_loss", "Minimize"),
        ("valid_loss", "Minimize"),
        ("test_loss", "Minimize"),
        ("seconds", "Minimize"),
    ],
)
def test_accuracies_are_to_rise_and_losses_to_fall(metric, kind):
    assert config(sagemaker_tune_objective=metric)["HyperParameterTuningJobObjective"] == {
        "Type": kind,
        "MetricName": metric,
    }


def test_the_shipped_settings_search_16_trials_two_at_a_time_and_only_the_limit_of_a_day_ends_them_early():
    sent = config()
    assert sent["Strategy"] == "Bayesian" and sent["TrainingJobEarlyStoppingType"] == "Off"
    assert sent["ResourceLimits"] == {
        "MaxNumberOfTrainingJobs": 16,
        "MaxParallelTrainingJobs": 2,
        "MaxRuntimeInSeconds": 86_400,
    }
    assert not sent.keys() & {"TuningJobCompletionCriteria", "RandomSeed", "StrategyConfig"}


def test_what_ends_a_search_early_is_said_only_when_it_is_set():
    assert config(sagemaker_tune_target="0.9")["TuningJobCompletionCriteria"] == {"TargetObjectiveMetricValue": 0.9}
    assert config(sagemaker_tune_not_improving="4")["TuningJobCompletionCriteria"] == {
        "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 4}
    }
    assert config(sagemaker_tune_convergence="true")["TuningJobCompletionCriteria"] == {
        "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}
    }
    assert config(sagemaker_tune_max_runtime_seconds="600")["ResourceLimits"]["MaxRuntimeInSeconds"] == 600


def test_a_seed_of_0_is_a_seed():
    assert config(sagemaker_tune_seed="0")["RandomSeed"] == 0


def test_hyperband_says_what_is_set_of_its_epochs():
    hyperband = {"sagemaker_tune_strategy": "Hyperband"}
    assert "StrategyConfig" not in config(**hyperband)
    assert config(**hyperband, sagemaker_tune_hyperband_max_epochs="9")["StrategyConfig"] == {
        "HyperbandStrategyConfig": {"MaxResource": 9}
    }


def test_a_grid_has_as_many_jobs_as_combinations():
    grid = {"arch": Categories(("resnet18", "resnet34", "resnet50"))}
    chosen = settings(sagemaker_tune_strategy="Grid", sagemaker_tune_parallel="8")
    sent = a_tuning_job(chosen, ranges=grid)["HyperParameterTuningJobConfig"]
    limits = sent["ResourceLimits"]
    assert (limits["MaxNumberOfTrainingJobs"], limits["MaxParallelTrainingJobs"]) == (3, 3)


def test_a_warm_start_names_its_parents_and_its_kind():
    assert "WarmStartConfig" not in a_tuning_job(settings())
    assert a_tuning_job(settings(), parents=["a", "b"], warm_start_type="IdenticalDataAndAlgorithm")[
        "WarmStartConfig"
    ] == {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "a"}, {"HyperParameterTuningJobName": "b"}],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }


@pytest.mark.parametrize("environment", [{}, {"image_prefix": LONGEST_PREFIX}, {"sagemaker_train_spot": "true"}])
def test_a_features_job_is_one_that_sagemaker_takes(environment):
    chosen = settings(**environment)
    name, output = features_job(chosen.prefix, timestamp()), layout(chosen.prefix).features("0123456789ab")
    request = features_job_request(
        chosen,
        layout(chosen.prefix),
        name=name,
        image="host:5055/dogbreed-train:abc",
        role_arn=ROLE,
        channels=SPLITS | {"pretrained": "s3://some-bucket/weights/"},
        static={"freeze-backbone": "true"},
        output=output,
    )
    assert problems("sagemaker", "CreateTrainingJob", request) == []
    assert request["HyperParameters"] == {"freeze-backbone": "true", "features-only": "true"}
    assert request["OutputDataConfig"] == {"S3OutputPath": output, "CompressionType": "NONE"}
    assert request["Tags"] == [{"Key": "project", "Value": chosen.prefix}]
    uri = features_uri(output, name)
    assert uri == f"s3://{'b' * 63}/{chosen.prefix}/features/0123456789ab/{name}/output/model/"
    assert problems("sagemaker", "CreateHyperParameterTuningJob", a_tuning_job(chosen, {"features": uri})) == []
