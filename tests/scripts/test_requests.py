"""Every request that the scripts can make is one that the service's own model allows, and says what the settings say."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.failure import Failure
from scripts.layout import Layout
from scripts.metrics import METRICS
from scripts.names import features_job, timestamp, training_job, transform_job, tuning_job, version
from scripts.requests.autoscaling import policy_request, register_request, scalable_target, wake_alarm_request, wake_policy_request
from scripts.requests.endpoint import create_endpoint_request, update_endpoint_request
from scripts.requests.endpoint_config import endpoint_config_request
from scripts.requests.features_job import features_job_request, features_uri
from scripts.requests.gpu_ami import inference_ami, transform_ami
from scripts.requests.model import model_request
from scripts.requests.repository import create_repository_request, lifecycle_policy_request, scanning_request
from scripts.requests.training_job import training_job_request
from scripts.requests.transform_job import transform_job_request
from scripts.requests.tuning_job import tuning_job_request
from scripts.settings import load_settings
from scripts.tuning.ranges import Categories, Interval, ranges_of_request
from tests.scripts.service_model import problems
from tests.scripts.tuning.jobs import EVERY_KIND

ROLE = "arn:aws:iam::123456789012:role/dogs"
LONGEST_PREFIX = "d" * 32
SPLITS = {split: f"s3://some-bucket/data/{split}/" for split in ("train", "valid", "test")}


def settings(**environment: str):
    return load_settings(environment={name.upper(): value for name, value in environment.items()})


def layout(prefix: str = "dogbreed") -> Layout:
    return Layout("b" * 63, prefix)


def a_training_job(chosen, channels=None, hyperparameters=None):
    return training_job_request(
        chosen, layout(chosen.prefix), name=training_job(chosen.prefix, timestamp()), image="host:5055/dogbreed-train:abc",
        role_arn=ROLE, channels=channels or SPLITS, hyperparameters=hyperparameters or {},
    )


@pytest.mark.parametrize("environment", [
    {},
    {"image_prefix": LONGEST_PREFIX},
    {"image_prefix": "d"},
    {"sagemaker_train_spot": "true"},
    {"sagemaker_train_input_mode": "FastFile", "sagemaker_train_instance_type": "ml.p4d.24xlarge"},
])
def test_a_training_job_is_one_that_sagemaker_takes(environment):
    request = a_training_job(settings(**environment), SPLITS | {"pretrained": "s3://some-bucket/weights/"}, {"epochs": "3"})
    assert problems("sagemaker", "CreateTrainingJob", request) == []


def test_a_training_job_has_its_data_checkpoints_and_outputs_under_the_prefix():
    request = a_training_job(settings(image_prefix="cats"))
    root = f"s3://{'b' * 63}/cats"
    assert request["OutputDataConfig"] == {"S3OutputPath": f"{root}/jobs"}
    assert request["CheckpointConfig"]["S3Uri"] == f"{root}/checkpoints/{request['TrainingJobName']}"
    sources = [(one["ChannelName"], one["DataSource"]["S3DataSource"]["S3Uri"]) for one in request["InputDataConfig"]]
    assert sources == list(SPLITS.items())
    assert request["Tags"] == [{"Key": "project", "Value": "cats"}]


def test_features_are_copied_before_a_trial_starts_and_pictures_come_as_the_settings_say():
    chosen = settings(sagemaker_train_input_mode="FastFile")
    definition = a_tuning_job(chosen, {"features": "s3://some-bucket/features/", **SPLITS})["TrainingJobDefinition"]
    assert definition["AlgorithmSpecification"]["TrainingInputMode"] == "FastFile"
    modes = {one["ChannelName"]: one.get("InputMode") for one in definition["InputDataConfig"]}
    assert modes == {"features": "File", "train": None, "valid": None, "test": None}


def test_spot_training_says_how_long_it_waits_and_other_training_does_not():
    spot = a_training_job(settings(sagemaker_train_spot="true", sagemaker_train_max_wait_seconds="90000"))
    assert spot["EnableManagedSpotTraining"] is True
    assert spot["StoppingCondition"] == {"MaxRuntimeInSeconds": 86_400, "MaxWaitTimeInSeconds": 90_000}
    assert a_training_job(settings())["StoppingCondition"] == {"MaxRuntimeInSeconds": 86_400}


def test_hyperparameters_of_the_command_line_come_before_the_settings():
    chosen = replace(settings(), hyperparameters={"epochs": "10", "lr": "0.1"})
    sent = a_training_job(chosen, hyperparameters={"epochs": "3"})["HyperParameters"]
    assert sent == {"sagemaker_container_log_level": "30", "epochs": "3", "lr": "0.1"}


LINE = "epoch=3 train_loss=1.2345 valid_loss=0.8123 valid_accuracy=0.7345 seconds=12.3"
LAST = "test_loss=0.9000 test_accuracy=0.7100 test_top5=0.9500 (95% interval of test_accuracy 0.6500 to 0.7600, 300 pictures)"


def test_the_metric_expressions_read_the_lines_of_the_training_program():
    definitions = a_training_job(settings())["AlgorithmSpecification"]["MetricDefinitions"]
    found = {one["Name"]: re.findall(one["Regex"], f"{LINE}\n{LAST}") for one in definitions}
    assert found == {
        "train_loss": ["1.2345"], "valid_loss": ["0.8123"], "valid_accuracy": ["0.7345"], "seconds": ["12.3"],
        "test_loss": ["0.9000"], "test_accuracy": ["0.7100"], "test_top5": ["0.9500"],
    }


def test_the_metrics_are_exactly_those_that_the_training_program_prints():
    container = Path(__file__).parents[2] / "container"
    program = (container / "epochs.py").read_text() + (container / "evaluation_report.py").read_text()
    printed = re.findall(r"\b(\w+)=\{", program)
    assert printed[0] == "epoch"
    assert tuple(printed[1:]) == METRICS


STATIC = {"epochs": "20"}


def a_tuning_job(chosen, channels=None, ranges=None, parents=(), warm_start_type="TransferLearning"):
    return tuning_job_request(
        chosen, layout(chosen.prefix), name=tuning_job(chosen.prefix, timestamp()), image="host:5055/dogbreed-train:abc", role_arn=ROLE,
        channels=channels or SPLITS, static=STATIC, ranges=ranges or chosen.tune.ranges, parents=list(parents),
        warm_start_type=warm_start_type,
    )


def config(**environment):
    return a_tuning_job(settings(**environment))["HyperParameterTuningJobConfig"]


@pytest.mark.parametrize("environment", [
    {},
    {"image_prefix": LONGEST_PREFIX},
    {"image_prefix": "d"},
    {"sagemaker_tune_strategy": "Random", "sagemaker_tune_early_stopping": "true", "sagemaker_tune_seed": "0"},
    {"sagemaker_tune_strategy": "Hyperband", "sagemaker_tune_hyperband_min_epochs": "1", "sagemaker_tune_hyperband_max_epochs": "20"},
    {"sagemaker_tune_target": "0.9", "sagemaker_tune_not_improving": "3", "sagemaker_tune_convergence": "true"},
    {"sagemaker_tune_max_runtime_seconds": "120", "sagemaker_train_spot": "true", "sagemaker_train_input_mode": "FastFile"},
])
def test_a_tuning_job_is_one_that_sagemaker_takes(environment):
    request = a_tuning_job(settings(**environment), parents=["dogbreed-tune-a", "dogbreed-tune-b"])
    assert problems("sagemaker", "CreateHyperParameterTuningJob", request) == []


def test_a_tuning_job_searches_the_ranges_that_it_was_given():
    request = a_tuning_job(settings(), ranges=EVERY_KIND)
    assert problems("sagemaker", "CreateHyperParameterTuningJob", request) == []
    sent = request["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert ranges_of_request(sent) == EVERY_KIND
    assert sent["ContinuousParameterRanges"][0] == {"Name": "lr", "MinValue": "1e-05", "MaxValue": "0.1", "ScalingType": "Logarithmic"}
    assert sent["IntegerParameterRanges"] == [{"Name": "warmup-epochs", "MinValue": "1", "MaxValue": "5", "ScalingType": "Auto"}]
    assert sent["CategoricalParameterRanges"][0] == {"Name": "batch-size", "Values": ["32", "64", "128", "256"]}


def test_a_tuning_job_without_a_kind_of_range_leaves_that_out():
    only = a_tuning_job(settings(), ranges={"lr": Interval(0.1, 0.2, False, "auto")})["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert only.keys() == {"ContinuousParameterRanges"}


def test_a_trial_is_trained_as_a_training_job_is():
    chosen = settings(sagemaker_train_spot="true")
    alone, of_many = a_training_job(chosen), a_tuning_job(chosen)["TrainingJobDefinition"]
    shared = {
        "AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition",
        "EnableManagedSpotTraining",
    }
    assert {name: alone[name] for name in shared} == {name: of_many[name] for name in shared}
    assert of_many.keys() - shared == {"StaticHyperParameters", "CheckpointConfig"}
    assert of_many["StaticHyperParameters"] == STATIC


def test_the_checkpoints_of_a_trial_lie_where_those_of_a_training_job_would():
    root = f"s3://{'b' * 63}/dogbreed/checkpoints"  # the service appends the trial's name
    assert a_tuning_job(settings())["TrainingJobDefinition"]["CheckpointConfig"] == {"S3Uri": root, "LocalPath": "/opt/ml/checkpoints"}


@pytest.mark.parametrize("metric, kind", [
    ("valid_accuracy", "Maximize"), ("test_accuracy", "Maximize"), ("test_top5", "Maximize"), ("train_loss", "Minimize"),
    ("valid_loss", "Minimize"), ("test_loss", "Minimize"), ("seconds", "Minimize"),
])
def test_accuracies_are_to_rise_and_losses_to_fall(metric, kind):
    assert config(sagemaker_tune_objective=metric)["HyperParameterTuningJobObjective"] == {"Type": kind, "MetricName": metric}


def test_the_shipped_settings_search_16_trials_two_at_a_time_and_nothing_ends_them_early():
    sent = config()
    assert sent["Strategy"] == "Bayesian" and sent["TrainingJobEarlyStoppingType"] == "Off"
    assert sent["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 16, "MaxParallelTrainingJobs": 2}
    assert not sent.keys() & {"TuningJobCompletionCriteria", "RandomSeed", "StrategyConfig"}


def test_what_ends_a_search_early_is_said_only_when_it_is_set():
    assert config(sagemaker_tune_target="0.9")["TuningJobCompletionCriteria"] == {"TargetObjectiveMetricValue": 0.9}
    assert config(sagemaker_tune_not_improving="4")["TuningJobCompletionCriteria"] == {
        "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 4}}
    assert config(sagemaker_tune_convergence="true")["TuningJobCompletionCriteria"] == {
        "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}
    assert config(sagemaker_tune_max_runtime_seconds="600")["ResourceLimits"]["MaxRuntimeInSeconds"] == 600


def test_a_seed_of_0_is_a_seed():
    assert config(sagemaker_tune_seed="0")["RandomSeed"] == 0


def test_hyperband_says_what_is_set_of_its_epochs():
    hyperband = {"sagemaker_tune_strategy": "Hyperband"}
    assert "StrategyConfig" not in config(**hyperband)
    assert config(**hyperband, sagemaker_tune_hyperband_max_epochs="9")["StrategyConfig"] == {"HyperbandStrategyConfig": {"MaxResource": 9}}


def test_a_grid_has_as_many_jobs_as_combinations():
    grid = {"arch": Categories(("resnet18", "resnet34", "resnet50"))}
    chosen = settings(sagemaker_tune_strategy="Grid", sagemaker_tune_parallel="8")
    sent = a_tuning_job(chosen, ranges=grid)["HyperParameterTuningJobConfig"]
    assert sent["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 3}


def test_a_warm_start_names_its_parents_and_its_kind():
    assert "WarmStartConfig" not in a_tuning_job(settings())
    assert a_tuning_job(settings(), parents=["a", "b"], warm_start_type="IdenticalDataAndAlgorithm")["WarmStartConfig"] == {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "a"}, {"HyperParameterTuningJobName": "b"}],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }


@pytest.mark.parametrize("environment", [{}, {"image_prefix": LONGEST_PREFIX}, {"sagemaker_train_spot": "true"}])
def test_a_features_job_is_one_that_sagemaker_takes(environment):
    chosen = settings(**environment)
    name, output = features_job(chosen.prefix, timestamp()), layout(chosen.prefix).features("0123456789ab")
    request = features_job_request(
        chosen, layout(chosen.prefix), name=name, image="host:5055/dogbreed-train:abc", role_arn=ROLE,
        channels=SPLITS | {"pretrained": "s3://some-bucket/weights/"}, static={"freeze-backbone": "true"}, output=output,
    )
    assert problems("sagemaker", "CreateTrainingJob", request) == []
    assert request["HyperParameters"] == {"freeze-backbone": "true", "features-only": "true"}
    assert request["OutputDataConfig"] == {"S3OutputPath": output, "CompressionType": "NONE"}
    assert request["Tags"] == [{"Key": "project", "Value": chosen.prefix}]
    uri = features_uri(output, name)
    assert uri == f"s3://{'b' * 63}/{chosen.prefix}/features/0123456789ab/{name}/output/model/"
    assert problems("sagemaker", "CreateHyperParameterTuningJob", a_tuning_job(chosen, {"features": uri})) == []


def test_a_model_is_one_that_sagemaker_takes():
    chosen = settings(image_prefix=LONGEST_PREFIX)
    request = model_request(
        chosen, name=version(chosen.prefix, timestamp()), image="host:5055/dogbreed-serve:abc",
        model_data="s3://b/jobs/x/output/model.tar.gz", role_arn=ROLE,
    )
    assert problems("sagemaker", "CreateModel", request) == []
    assert request["PrimaryContainer"]["Environment"] == {"TOP_K": "5"}


@pytest.mark.parametrize("environment", [
    {},
    {"image_prefix": LONGEST_PREFIX, "sagemaker_capture_percent": "100"},
    {"sagemaker_deploy_mode": "async"},
    {"sagemaker_deploy_mode": "async", "sagemaker_capture_percent": "1"},
    {"sagemaker_deploy_mode": "serverless"},
    {"sagemaker_deploy_instance_type": "ml.m5.large"},
    {"sagemaker_deploy_instance_type": "ml.g7e.2xlarge", "sagemaker_deploy_cuda": "13"},
])
def test_an_endpoint_config_is_one_that_sagemaker_takes(environment):
    chosen = settings(**environment)
    name = version(chosen.prefix, timestamp())
    request = endpoint_config_request(chosen, layout(chosen.prefix), name=name, model=name)
    assert problems("sagemaker", "CreateEndpointConfig", request) == []


def variant(**environment):
    [found] = endpoint_config_request(settings(**environment), layout(), name="n", model="n")["ProductionVariants"]
    return found


def test_a_g4dn_endpoint_starts_with_the_driver_of_cuda_12_and_time_to_load():
    assert variant()["InferenceAmiVersion"] == "al2-ami-sagemaker-inference-gpu-3-1"
    assert variant()["ContainerStartupHealthCheckTimeoutInSeconds"] == 900


def test_an_instance_without_a_gpu_has_no_driver_to_choose():
    assert "InferenceAmiVersion" not in variant(sagemaker_deploy_instance_type="ml.c5.xlarge")


def test_a_serverless_variant_names_no_instance():
    assert variant(sagemaker_deploy_mode="serverless").keys() == {"VariantName", "ModelName", "ServerlessConfig"}


@pytest.mark.parametrize("instance_type, cuda, endpoint, transform", [
    ("ml.g4dn.xlarge", 12, "al2-ami-sagemaker-inference-gpu-3-1", "al2-ami-sagemaker-batch-gpu-535"),
    ("ml.g5.xlarge", 12, "al2-ami-sagemaker-inference-gpu-3-1", "al2-ami-sagemaker-batch-gpu-535"),
    ("ml.p4d.24xlarge", 12, "al2-ami-sagemaker-inference-gpu-3-1", "al2-ami-sagemaker-batch-gpu-535"),
    ("ml.m5.xlarge", 12, None, None),
    ("ml.c6i.xlarge", 13, None, None),
    ("ml.inf2.xlarge", 12, None, None),
])
def test_the_machine_image_fits_the_gpu_and_its_cuda(instance_type, cuda, endpoint, transform):
    assert inference_ami(instance_type, cuda) == endpoint
    assert transform_ami(instance_type, cuda) == transform


def test_cuda_13_has_a_machine_image_for_endpoints_only():
    assert inference_ami("ml.g4dn.xlarge", 13) == "al2023-ami-sagemaker-inference-gpu-4-1"
    with pytest.raises(Failure, match="transform job on ml.g4dn.xlarge with CUDA 13"):
        transform_ami("ml.g4dn.xlarge", 13)


@pytest.mark.parametrize("instance_type", ["ml.p2.xlarge", "ml.g7e.2xlarge"])
def test_a_gpu_that_no_driver_of_cuda_12_knows_is_refused(instance_type):
    with pytest.raises(Failure, match=f"{instance_type} with CUDA 12.*Choose another"):
        inference_ami(instance_type, 12)


@pytest.mark.parametrize("environment", [
    {},
    {"image_prefix": LONGEST_PREFIX},
    {"sagemaker_update_traffic": "CANARY", "sagemaker_update_alarms": "errors,latency"},
    {"sagemaker_update_traffic": "LINEAR", "sagemaker_update_step_percent": "10", "sagemaker_update_wait_seconds": "2500"},
    {"sagemaker_update_alarms": "errors", "sagemaker_update_keep_old_seconds": "600"},
    {"sagemaker_deploy_mode": "serverless"},
    {"sagemaker_deploy_mode": "async"},
    {"sagemaker_autoscaling_max_instances": "4"},
])
def test_an_endpoint_is_one_that_sagemaker_takes(environment):
    chosen = settings(**environment)
    config = version(chosen.prefix, timestamp())
    assert problems("sagemaker", "CreateEndpoint", create_endpoint_request(chosen, config=config)) == []
    assert problems("sagemaker", "UpdateEndpoint", update_endpoint_request(chosen, config=config)) == []


def test_a_canary_moves_a_step_and_goes_back_on_an_alarm():
    deployment = update_endpoint_request(
        settings(sagemaker_update_traffic="CANARY", sagemaker_update_alarms="errors"), config="c"
    )["DeploymentConfig"]
    assert deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"] == {
        "Type": "CANARY", "WaitIntervalInSeconds": 300, "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 25},
    }
    assert deployment["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": "errors"}]}


def test_an_update_may_last_longer_than_everything_it_waits_for():
    deployment = update_endpoint_request(settings(
        sagemaker_update_traffic="LINEAR", sagemaker_update_step_percent="30", sagemaker_update_keep_old_seconds="100",
    ), config="c")["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert deployment["MaximumExecutionTimeoutInSeconds"] > 4 * 300 + 100 + 900 + 900


def test_an_update_keeps_the_instances_that_autoscaling_brought_and_only_then():
    assert update_endpoint_request(settings(sagemaker_autoscaling_max_instances="3"), config="c")["RetainAllVariantProperties"] is True
    assert "RetainAllVariantProperties" not in update_endpoint_request(settings(), config="c")


@pytest.mark.parametrize("mode, low", [("realtime", "1"), ("async", "0")])
def test_autoscaling_is_such_as_its_service_takes(mode, low):
    chosen = settings(
        sagemaker_deploy_mode=mode, sagemaker_autoscaling_max_instances="4", sagemaker_autoscaling_min_instances=low,
        image_prefix=LONGEST_PREFIX,
    )
    assert problems("application-autoscaling", "PutScalingPolicy", wake_policy_request(chosen)) == []
    assert problems("cloudwatch", "PutMetricAlarm", wake_alarm_request(chosen, "arn:aws:autoscaling:x")) == []
    for operation, request in {
        "RegisterScalableTarget": register_request(chosen), "PutScalingPolicy": policy_request(chosen),
        "DeregisterScalableTarget": scalable_target(chosen.prefix),
    }.items():
        assert problems("application-autoscaling", operation, request) == []
    assert register_request(chosen)["MinCapacity"] == int(low)


def test_async_endpoints_scale_by_what_waits_and_realtime_ones_by_requests():
    waiting = policy_request(settings(sagemaker_deploy_mode="async"))["TargetTrackingScalingPolicyConfiguration"]
    assert waiting["CustomizedMetricSpecification"]["MetricName"] == "ApproximateBacklogSizePerInstance"
    requests = policy_request(settings())["TargetTrackingScalingPolicyConfiguration"]
    assert requests["PredefinedMetricSpecification"] == {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}


@pytest.mark.parametrize("environment", [{}, {"image_prefix": LONGEST_PREFIX}, {"sagemaker_transform_instance_type": "ml.m5.large"}])
def test_a_transform_job_is_one_that_sagemaker_takes(environment):
    chosen = settings(**environment)
    name = transform_job(chosen.prefix, timestamp())
    request = transform_job_request(
        chosen, name=name, model=version(chosen.prefix, timestamp()), source="s3://b/in/", output=layout().transform(name)
    )
    assert problems("sagemaker", "CreateTransformJob", request) == []
    assert ("TransformAmiVersion" in request["TransformResources"]) == ("g4dn" in chosen.transform.instance_type)


@pytest.mark.parametrize("prefix", ["dogbreed", LONGEST_PREFIX, "d", "dog-breed-2"])
def test_a_repository_is_one_that_ecr_takes(prefix):
    chosen = settings(image_prefix=prefix)
    request = create_repository_request(chosen, f"{prefix}-train")
    assert problems("ecr", "CreateRepository", request) == []
    assert request["imageTagMutability"] == "IMMUTABLE"
    assert problems("ecr", "PutLifecyclePolicy", lifecycle_policy_request(chosen, f"{prefix}-train")) == []


def test_the_lifecycle_policy_keeps_as_many_images_as_the_settings_say():
    policy = json.loads(lifecycle_policy_request(settings(sagemaker_push_keep_images="7"), "r")["lifecyclePolicyText"])
    assert policy["rules"][-1]["selection"]["countNumber"] == 7


OURS = ["dogbreed-train", "dogbreed-serve"]


def rule(*filters: str, frequency: str = "SCAN_ON_PUSH"):
    return {"scanFrequency": frequency, "repositoryFilters": [{"filter": one, "filterType": "WILDCARD"} for one in filters]}


@pytest.mark.parametrize("rules", [
    [rule("*")], [rule("dogbreed")], [rule("other", "dogbreed-*")], [rule("*", frequency="CONTINUOUS_SCAN")],
])
def test_a_registry_that_scans_our_images_already_is_let_be(rules):
    assert scanning_request({"scanType": "BASIC", "rules": rules}, OURS, "dogbreed") is None


@pytest.mark.parametrize("current", [
    {"scanType": "BASIC", "rules": []},
    {"scanType": "BASIC", "rules": [rule("cats-*")]},
    {"scanType": "BASIC", "rules": [rule("dogbreed-train")]},
    {"scanType": "ENHANCED", "rules": [rule("cats-*", frequency="CONTINUOUS_SCAN"), rule("x-*")]},
    {"scanType": "BASIC", "rules": [rule("*", frequency="MANUAL")]},
])
def test_scanning_is_added_and_every_rule_that_was_there_stays(current):
    request = scanning_request(current, OURS, "dogbreed")
    assert problems("ecr", "PutRegistryScanningConfiguration", request) == []
    assert request["scanType"] == current["scanType"]
    now = {(one["scanFrequency"], each["filter"]) for one in request["rules"] for each in one["repositoryFilters"]}
    before = {(one["scanFrequency"], each["filter"]) for one in current["rules"] for each in one["repositoryFilters"]}
    assert now == before | {("SCAN_ON_PUSH", "dogbreed-*")}
    assert len({one["scanFrequency"] for one in request["rules"]}) == len(request["rules"])
