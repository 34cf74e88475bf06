"""Models and endpoint configurations: what is kept, in whose words a request is refused."""

import pytest

from local_test.api.errors import ValidationException

ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
IMAGE = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1"}
MULTI = {**IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://bucket/models/"}
VARIANT = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
POOLS = [{"InstanceType": "ml.m5.large", "Priority": 2}, {"InstanceType": "ml.g5.xlarge", "Priority": 1}]
POOLED = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstancePools": POOLS}
CAPTURE = {
    "InitialSamplingPercentage": 50,
    "DestinationS3Uri": "s3://bucket/a",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
OUTPUT = {"S3OutputPath": "s3://bucket/out"}
SERVERLESS = {"VariantName": "v", "ModelName": "m", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}


def create_model(api, container=IMAGE, **more):
    return api.call("CreateModel", {"ModelName": "m", "PrimaryContainer": container, **more})


def create_config(api, *variants, **more):
    return api.call(
        "CreateEndpointConfig", {"EndpointConfigName": "c", "ProductionVariants": list(variants or [VARIANT]), **more}
    )


def test_a_model_is_described_as_it_was_created(api):
    container = {**IMAGE, "ModelDataUrl": "s3://bucket/models/a.tar.gz", "Environment": {"TOP_K": "2"}}
    assert create_model(api, container, Tags=[{"Key": "a", "Value": "b"}]) == {"ModelArn": f"{ARN}model/m"}
    described = api.call("DescribeModel", {"ModelName": "m"})
    assert (
        described["PrimaryContainer"] == container
        and described["EnableNetworkIsolation"] is False
        and "Tags" not in described
    )
    assert api.call("ListTags", {"ResourceArn": f"{ARN}model/m"})["Tags"] == [{"Key": "a", "Value": "b"}]
    assert [one["ModelName"] for one in api.call("ListModels", {"NameContains": "M"})["Models"]] == ["m"]
    assert api.call("DeleteModel", {"ModelName": "m"}) == {}
    assert api.call("ListTags", {"ResourceArn": f"{ARN}model/m"})["Tags"] == []


def test_names_that_are_taken_or_missing_are_refused_as_aws_does_it(api):
    with pytest.raises(ValidationException, match=f'^Could not find model "{ARN}model/m".$'):
        create_config(api)
    create_model(api)
    with pytest.raises(ValidationException, match=f'^Cannot create already existing model "{ARN}model/m".$'):
        create_model(api)
    create_config(api)
    with pytest.raises(
        ValidationException, match=f'^Cannot create already existing endpoint configuration "{ARN}endpoint-config/c".$'
    ):
        create_config(api)
    api.call("DeleteEndpointConfig", {"EndpointConfigName": "c"})
    for operation in ("DescribeEndpointConfig", "DeleteEndpointConfig"):
        with pytest.raises(
            ValidationException, match=f'^Could not find endpoint configuration "{ARN}endpoint-config/c".$'
        ):
            api.call(operation, {"EndpointConfigName": "c"})
    for operation in ("DescribeEndpoint", "DeleteEndpoint"):
        with pytest.raises(ValidationException, match=f'^Could not find endpoint "{ARN}endpoint/e".$'):
            api.call(operation, {"EndpointName": "e"})
    with pytest.raises(ValidationException, match="Could not find endpoint configuration"):
        api.call("CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": "c"})


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({"PrimaryContainer": {**IMAGE, "Mode": "MultiModel"}}, "needs ModelDataUrl"),
        ({"PrimaryContainer": {**MULTI, "ModelDataSource": {}}}, "does not take ModelDataSource"),
        ({"PrimaryContainer": {**IMAGE, "MultiModelConfig": {}}}, "MultiModelConfig is for"),
        ({"PrimaryContainer": {**IMAGE, "ModelPackageName": "p"}}, "PrimaryContainer.ModelPackageName"),
        ({"Containers": [IMAGE], "InferenceExecutionConfig": {"Mode": "Direct"}}, "two or more Containers"),
        ({"Containers": [IMAGE, IMAGE], "InferenceExecutionConfig": {"Mode": "Direct"}}, "needs a ContainerHostname"),
        ({"Containers": [{**IMAGE, "ContainerHostname": "a"}, IMAGE]}, "for every container of a model or for none"),
        ({"Containers": [{**IMAGE, "ContainerHostname": "a"}] * 2}, "a ContainerHostname of its own"),
        ({"Containers": [MULTI, MULTI]}, "More than one container in MultiModel mode is not supported"),
        ({"Containers": [IMAGE, {}]}, "container-2 has no Image"),
        ({"PrimaryContainer": IMAGE, "Containers": [IMAGE]}, "either a PrimaryContainer or Containers"),
        ({"PrimaryContainer": {"Image": "nowhere:1"}}, "Requested image nowhere:1 not found"),
        ({"PrimaryContainer": {"Image": "arm:1"}}, "^arm:1 is an image for arm64"),
        (
            {"PrimaryContainer": {**IMAGE, "ModelDataUrl": "s3://bucket/none.tar.gz"}},
            "^Could not find model data at s3://bucket/none.tar.gz.$",
        ),
        ({"PrimaryContainer": {**MULTI, "ModelDataUrl": "s3://bucket/none/"}}, "Could not find model data at"),
        ({"PrimaryContainer": {**IMAGE, "ModelDataUrl": "s3://none/a.tar.gz"}}, "Could not find model data at"),
        ({"PrimaryContainer": {**IMAGE, "ModelDataUrl": "https://example.com/a.tar.gz"}}, "not an address in S3"),
        ({"PrimaryContainer": {}}, "no Image"),
        ({}, "either a PrimaryContainer or Containers"),
        (
            {
                "PrimaryContainer": {
                    **IMAGE,
                    "ModelDataSource": {
                        "S3DataSource": {"S3Uri": "s3://bucket/a", "S3DataType": "S3Prefix", "CompressionType": "None"}
                    },
                }
            },
            "ends with a slash",
        ),
    ],
)
def test_a_model_beyond_the_local_one_is_refused_by_name(api, request_, named):
    with pytest.raises(ValidationException, match=named):
        api.call("CreateModel", {"ModelName": "m", **request_})
    assert api.call("ListModels", {})["Models"] == []


@pytest.mark.parametrize(
    ("variant", "more", "named"),
    [
        (
            {**VARIANT, "AcceleratorPartitionLayouts": [{"AcceleratorPartitionTypes": []}]},
            {},
            r"ProductionVariants\[0\].AcceleratorPartitionLayouts",
        ),
        ({**VARIANT, "RoutingConfig": {"RoutingStrategy": "KV_AWARE"}}, {}, "RoutingConfig.RoutingStrategy"),
        (VARIANT, {"ShadowProductionVariants": [VARIANT]}, "ShadowProductionVariants"),
        ({**VARIANT, "InstanceType": "ml.g5.xlarge"}, {"KmsKeyId": "key"}, "KmsKeyId cannot be given for ml.g5.xlarge"),
        (VARIANT, {"AsyncInferenceConfig": {"OutputConfig": {}}}, "S3OutputPath"),
        ({"VariantName": "v", "ModelName": "m"}, {}, "InstanceType and InitialInstanceCount"),
        ({**VARIANT, "InitialVariantWeight": 0}, {}, "above 0"),
        (SERVERLESS, {"DataCaptureConfig": CAPTURE}, "One or more endpoint features are not supported"),
        (
            VARIANT,
            {"DataCaptureConfig": CAPTURE, "AsyncInferenceConfig": {"OutputConfig": OUTPUT}},
            "One or more endpoint features are not supported .*AsyncInferenceConfig excludes DataCaptureConfig",
        ),
        ({**POOLED, "InstanceType": "ml.m5.large"}, {}, "InstancePools: InstanceType excludes them"),
        ({**SERVERLESS, "InstancePools": POOLS}, {}, "InstancePools: ServerlessConfig excludes them"),
        ({**POOLED, "InstancePools": [POOLS[0], POOLS[0]]}, {}, "names ml.m5.large twice"),
        ({**POOLED, "InstancePools": [{**POOLS[0], "ModelNameOverride": "n"}]}, {}, "ModelNameOverride"),
        (POOLED, {"KmsKeyId": "key"}, "KmsKeyId cannot be given for ml.g5.xlarge"),
        ({**SERVERLESS, "InstanceType": "ml.m5.large"}, {}, "ServerlessConfig"),
        ({**SERVERLESS, "ServerlessConfig": {"MemorySizeInMB": 1500, "MaxConcurrency": 5}}, {}, "MemorySizeInMB"),
    ],
)
def test_a_configuration_beyond_the_local_one_is_refused_by_name(api, variant, more, named):
    create_model(api)
    with pytest.raises(ValidationException, match=named):
        create_config(api, variant, **more)


@pytest.mark.parametrize(
    ("model", "more", "named"),
    [
        ({"Containers": [IMAGE, IMAGE]}, {}, "ServerlessConfig excludes Containers"),
        ({"PrimaryContainer": MULTI}, {}, "ServerlessConfig excludes Mode MultiModel"),
        ({"PrimaryContainer": IMAGE, "EnableNetworkIsolation": True}, {}, "excludes EnableNetworkIsolation"),
        ({"PrimaryContainer": MULTI}, {"AsyncInferenceConfig": {"OutputConfig": OUTPUT}}, "excludes Mode MultiModel"),
        (
            {
                "Containers": [{**IMAGE, "ContainerHostname": name} for name in "ab"],
                "InferenceExecutionConfig": {"Mode": "Direct"},
            },
            {"AsyncInferenceConfig": {"OutputConfig": OUTPUT}},
            "excludes direct invocation",
        ),
    ],
)
def test_a_model_that_the_kind_of_endpoint_does_not_take_is_refused(api, model, more, named):
    api.call("CreateModel", {"ModelName": "m", **model})
    with pytest.raises(ValidationException, match=f"^One or more endpoint features are not supported .*{named}"):
        create_config(api, VARIANT if more else SERVERLESS, **more)


def test_a_variant_of_instance_types_in_order_of_preference_is_taken(api):
    create_model(api)
    create_config(api, POOLED)
    [described] = api.call("DescribeEndpointConfig", {"EndpointConfigName": "c"})["ProductionVariants"]
    assert described["InstancePools"] == POOLS


def test_what_has_no_effect_comes_back_in_the_description(api):
    create_model(api)
    capture = {**CAPTURE, "KmsKeyId": "key"}
    create_config(api, {**VARIANT, "EnableSSMAccess": True}, KmsKeyId="key", DataCaptureConfig=capture)
    described = api.call("DescribeEndpointConfig", {"EndpointConfigName": "c"})
    assert described["KmsKeyId"] == "key" and described["DataCaptureConfig"] == capture
    assert described["ProductionVariants"][0]["EnableSSMAccess"] is True


def model_of(uri):
    return {
        **IMAGE,
        "ModelDataSource": {"S3DataSource": {"S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None"}},
    }


@pytest.mark.parametrize("container", [{**IMAGE, "ModelDataUrl": "file:///etc/model.tar.gz"}, model_of("file:///etc/")])
def test_a_model_outside_the_folders_of_the_service_is_refused(api, container):
    with pytest.raises(
        ValidationException, match=r"file:///etc.* is outside the folders that the local SageMaker was started for"
    ):
        create_model(api, container)


def test_a_model_in_the_services_own_folder_is_refused(api, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/weights").touch()
    with pytest.raises(ValidationException, match="own folder"):
        create_model(api, model_of((tmp_path / "service").as_uri() + "/"))
    create_model(api, model_of((tmp_path / "model").as_uri() + "/"))


@pytest.mark.parametrize("field", ["DestinationS3Uri", "S3OutputPath", "S3FailurePath"])
def test_a_configuration_that_would_write_outside_the_folders_of_the_service_is_refused(api, tmp_path, field):
    create_model(api)
    for base, refused in (("file:///etc", True), (tmp_path.as_uri(), False)):
        uris = {
            "DestinationS3Uri": "s3://bucket/a",
            "S3OutputPath": "s3://bucket/o",
            "S3FailurePath": "s3://bucket/f",
            field: f"{base}/x",
        }
        capture = {**CAPTURE, "DestinationS3Uri": uris["DestinationS3Uri"]}
        asynchronous = {"OutputConfig": {name: uris[name] for name in ("S3OutputPath", "S3FailurePath")}}
        more = {"DataCaptureConfig": capture} if field in capture else {"AsyncInferenceConfig": asynchronous}
        if refused:
            with pytest.raises(ValidationException, match=f"{field}: file:///etc/x is outside the folders"):
                create_config(api, **more)
        else:
            create_config(api, **more)


def test_two_variants_of_one_name_are_refused(api):
    create_model(api)
    with pytest.raises(ValidationException, match="Duplicate production variant name v"):
        create_config(api, VARIANT, VARIANT)


def test_a_configuration_says_the_weight_that_it_was_not_given(api):
    create_model(api)
    create_config(api)
    [described] = api.call("DescribeEndpointConfig", {"EndpointConfigName": "c"})["ProductionVariants"]
    assert described == {**VARIANT, "InitialVariantWeight": 1.0}


ROLLING = {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1}, "WaitIntervalInSeconds": 0}


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        ({"RollingUpdatePolicy": ROLLING}, "RollingUpdatePolicy"),
        (
            {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 0}}},
            "CANARY needs at least 2 instances, and the endpoint would have 1",
        ),
        ({"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "nowhere"}]}}, "no CloudWatch alarm nowhere"),
    ],
)
def test_a_deployment_beyond_the_local_one_is_refused_by_name(api, policy, named):
    create_model(api)
    create_config(api)
    with pytest.raises(ValidationException, match=named):
        api.call("CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": "c", "DeploymentConfig": policy})
    assert api.call("ListEndpoints", {})["Endpoints"] == []


def test_a_change_of_capacity_that_would_change_nothing_here_is_refused_by_name(api):
    change = {"VariantName": "v", "ServerlessUpdateConfig": {"MaxConcurrency": 5, "ProvisionedConcurrency": 2}}
    with pytest.raises(
        ValidationException, match=r"DesiredWeightsAndCapacities\[0\].ServerlessUpdateConfig.ProvisionedConcurrency"
    ):
        api.call("UpdateEndpointWeightsAndCapacities", {"EndpointName": "e", "DesiredWeightsAndCapacities": [change]})
