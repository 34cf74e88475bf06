"""On which instances jobs and endpoints run: allowed by the service's own model, and as the settings say."""

import pytest

from scripts.console.failure import Failure
from scripts.requests.endpoint import endpoint_config_request
from scripts.requests.gpu_ami import common_inference_ami, inference_ami
from scripts.requests.instances import (
    end_pool_request,
    preferred_types,
    training_resources,
    trial_resources,
    types_of_variant,
)
from tests.scripts.requests.requested import a_training_job, layout, settings
from tests.scripts.requests.test_tuning import a_tuning_job
from tests.scripts.service_model import problems, shape

TYPES = ("ml.g5.xlarge", "ml.g4dn.xlarge", "ml.g6.xlarge")
IN_ORDER = {"sagemaker_train_instance_types": ",".join(TYPES), "sagemaker_deploy_instance_types": ",".join(TYPES)}


def variant(**environment):
    [found] = endpoint_config_request(settings(**environment), layout(), name="n", model="n")["ProductionVariants"]
    return found


def test_requests_with_types_in_order_are_ones_that_sagemaker_takes():
    chosen = settings(**IN_ORDER)
    config = endpoint_config_request(chosen, layout(), name="n", model="n")
    for operation, request in {
        "CreateTrainingJob": a_training_job(chosen),
        "CreateHyperParameterTuningJob": a_tuning_job(chosen),
        "CreateEndpointConfig": config,
        "UpdateTrainingJob": end_pool_request("dogbreed-train-1"),
    }.items():
        assert problems("sagemaker", operation, request) == []


def test_a_training_job_gets_the_first_type_that_has_capacity():
    resources = a_training_job(settings(**IN_ORDER, sagemaker_train_instance_count="2"))["ResourceConfig"]
    assert resources == {
        "InstancePreferences": [{"InstanceType": one} for one in TYPES],
        "InstanceCount": 2,
        "VolumeSizeInGB": 50,
    }


def test_a_trial_gets_the_first_type_that_has_capacity():
    definition = a_tuning_job(settings(**IN_ORDER))["TrainingJobDefinition"]
    assert "ResourceConfig" not in definition
    resources = definition["HyperParameterTuningResourceConfig"]
    assert resources["AllocationStrategy"] == "Prioritized"
    assert [one["InstanceType"] for one in resources["InstanceConfigs"]] == list(TYPES)


def test_a_single_type_of_a_trial_stands_outside_the_list_as_aws_wants_it():
    train = settings(sagemaker_train_instance_types=TYPES[0]).train
    assert trial_resources(train)["HyperParameterTuningResourceConfig"] == {
        "InstanceType": TYPES[0],
        "InstanceCount": 1,
        "VolumeSizeInGB": 50,
    }


def test_an_endpoint_has_a_pool_of_each_type_in_order():
    pooled = variant(**IN_ORDER)
    assert "InstanceType" not in pooled
    assert [(one["InstanceType"], one["Priority"]) for one in pooled["InstancePools"]] == [
        (one, priority) for priority, one in enumerate(TYPES, start=1)
    ]
    assert types_of_variant(pooled) == preferred_types(settings(**IN_ORDER).deploy) == TYPES
    assert types_of_variant({"InstancePools": pooled["InstancePools"][::-1]}) == TYPES
    assert types_of_variant(variant()) == ("ml.g4dn.xlarge",)
    assert types_of_variant({"ServerlessConfig": {}}) == ()


def test_a_warm_pool_is_of_training_jobs_and_of_nothing_else():
    chosen = settings(sagemaker_train_keep_alive_seconds="600")
    request = a_training_job(chosen)
    assert problems("sagemaker", "CreateTrainingJob", request) == []
    assert request["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 600
    assert "KeepAlivePeriodInSeconds" not in a_tuning_job(chosen)["TrainingJobDefinition"]["ResourceConfig"]
    assert "KeepAlivePeriodInSeconds" not in training_resources(chosen.train)


def test_a_shell_is_asked_for_and_leaves_the_container_its_network():
    chosen = settings(sagemaker_train_shell="true", sagemaker_train_pretrained="s3://b/weights/")
    channels = {"train": "s3://b/train/", "pretrained": "s3://b/weights/"}
    request = a_training_job(chosen, channels)
    assert problems("sagemaker", "CreateTrainingJob", request) == []
    assert request["RemoteDebugConfig"] == {"EnableRemoteDebug": True}
    assert request["EnableNetworkIsolation"] is False
    assert a_tuning_job(chosen, channels)["TrainingJobDefinition"]["EnableNetworkIsolation"] is True
    plain = a_training_job(settings(), channels)
    assert "RemoteDebugConfig" not in plain and plain["EnableNetworkIsolation"] is True


def test_a_variant_has_one_machine_image_for_all_of_its_types():
    assert common_inference_ami(TYPES, 12) == variant(**IN_ORDER)["InferenceAmiVersion"]
    assert common_inference_ami(("ml.m5.large", "ml.c5.large"), 12) is None
    with pytest.raises(Failure, match=r"with and without a GPU: ml\.g5\.xlarge, ml\.c5\.large"):
        common_inference_ami(("ml.g5.xlarge", "ml.c5.large"), 12)


@pytest.mark.parametrize("cuda", [12, 13])
def test_every_gpu_that_an_endpoint_may_have_gets_an_image_of_its_cuda_or_a_sentence(cuda):
    refused = set()
    for one in shape("sagemaker", "ProductionVariantInstanceType").enum:
        try:
            version = inference_ami(one, cuda)
        except Failure:
            refused.add(one.split(".")[1])
            continue
        gpu = one.split(".")[1][:2] in ("g4", "g5", "g6", "g7", "gr", "p3", "p4", "p5", "p6")
        assert (version is not None) == gpu, one
        assert version in (None, *shape("sagemaker", "ProductionVariantInferenceAmiVersion").enum)
    assert {"g4dn", "g5", "g6"}.isdisjoint(refused)
    assert ("g7e" in refused) == (cuda == 12) and ("p3" in refused) == (cuda == 13) and "p2" in refused
