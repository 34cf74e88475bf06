"""Endpoints that host inference components, and the components: what is kept, and in whose words a request is refused.

A component without copies needs no engine.
"""

import pytest

from local_test.api.errors import ValidationException
from local_test.serving.component_definition import changed, served_model
from local_test.serving.component_hosting import with_instances
from local_test.serving.variant_plan import plan_component
from tests.local_service import until

ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
ROLE = "arn:aws:iam::123456789012:role/dogs"
IMAGE = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1"}
SCALING = {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2}
HOST = {"VariantName": "v", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1, "ManagedInstanceScaling": SCALING}
OF_A_MODEL = {"VariantName": "m", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
NEEDS = {"MinMemoryRequiredInMb": 1024}
SPECIFICATION = {"ModelName": "m", "ComputeResourceRequirements": NEEDS}
CAPTURE = {
    "InitialSamplingPercentage": 50,
    "DestinationS3Uri": "s3://bucket/a",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}
NO_COPY = {"CopyCount": 0}


@pytest.fixture
def host(api):
    """An endpoint in service that hosts components, and a model."""
    api.call("CreateModel", {"ModelName": "m", "PrimaryContainer": IMAGE})
    create_config(api, HOST)
    api.call("CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": "c"})
    settled(api)
    return api


def create_config(api, *variants, name="c", role=ROLE, **more):
    given = {"ExecutionRoleArn": role} if role else {}
    api.call(
        "CreateEndpointConfig", {"EndpointConfigName": name, "ProductionVariants": list(variants), **given, **more}
    )


def settled(api):
    def look():
        described = api.call("DescribeEndpoint", {"EndpointName": "e"})
        return described["EndpointStatus"] in ("InService", "Failed") and described

    return until(look)


def create(api, specification=SPECIFICATION, **more):
    request = {"InferenceComponentName": "i", "EndpointName": "e", "RuntimeConfig": NO_COPY, **more}
    return api.call("CreateInferenceComponent", {**request, "Specification": specification})


def component(api, status="InService"):
    def look():
        described = api.call("DescribeInferenceComponent", {"InferenceComponentName": "i"})
        return described["InferenceComponentStatus"] == status and described

    return until(look)


def gone(api, operation, request):
    def look():
        try:
            api.call(operation, request)
        except ValidationException as error:
            return "Could not find" in error.message

    return until(look)


@pytest.mark.parametrize(
    ("variants", "more", "named"),
    [
        ([HOST], {"role": None}, "Variant v has no ModelName: .* needs ExecutionRoleArn"),
        ([HOST, OF_A_MODEL], {}, "Variant v has no ModelName, and others have"),
        ([HOST], {"DataCaptureConfig": CAPTURE}, "DataCaptureConfig .* excludes inference components"),
        (
            [HOST],
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://bucket/o"}}},
            "AsyncInferenceConfig .* excludes inference components",
        ),
        (
            [{"VariantName": "v", "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}],
            {},
            "ServerlessConfig .* excludes inference components",
        ),
        ([OF_A_MODEL], {"EnableNetworkIsolation": True}, "EnableNetworkIsolation is for variants without ModelName"),
        ([{**HOST, "ManagedInstanceScaling": {**SCALING, "MinInstanceCount": 3}}], {}, "MinInstanceCount of variant v"),
        ([{**HOST, "InitialInstanceCount": 3}], {}, "InitialInstanceCount of variant v"),
    ],
)
def test_a_configuration_that_cannot_host_components_is_refused(api, variants, more, named):
    api.call("CreateModel", {"ModelName": "m", "PrimaryContainer": IMAGE})
    with pytest.raises(ValidationException, match=named):
        create_config(api, *variants, **more)


def test_an_endpoint_that_hosts_components_is_in_service_without_a_container(host):
    described = settled(host)
    assert described["EndpointStatus"] == "InService"
    assert described["ProductionVariants"] == [
        {
            "VariantName": "v",
            "ManagedInstanceScaling": SCALING,
            "CurrentWeight": 1.0,
            "DesiredWeight": 1.0,
            "CurrentInstanceCount": 0,
            "DesiredInstanceCount": 0,
        }
    ]


def test_a_component_is_described_as_it_was_created(host):
    assert create(host, Tags=[{"Key": "a", "Value": "b"}]) == {"InferenceComponentArn": f"{ARN}inference-component/i"}
    described = component(host)
    assert {field: described[field] for field in described if not field.endswith("Time")} == {
        "InferenceComponentName": "i",
        "InferenceComponentArn": f"{ARN}inference-component/i",
        "EndpointName": "e",
        "EndpointArn": f"{ARN}endpoint/e",
        "VariantName": "v",
        "Specification": SPECIFICATION,
        "RuntimeConfig": {"DesiredCopyCount": 0, "CurrentCopyCount": 0},
        "InferenceComponentStatus": "InService",
    }
    assert host.call("ListTags", {"ResourceArn": described["InferenceComponentArn"]})["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]


def test_components_are_listed_by_their_endpoint(host):
    create(host)
    component(host)
    for endpoint, names in (("e", ["i"]), ("other", [])):
        found = host.call("ListInferenceComponents", {"EndpointNameEquals": endpoint})["InferenceComponents"]
        assert [one["InferenceComponentName"] for one in found] == names
    assert host.call("ListInferenceComponents", {"VariantNameEquals": "w"})["InferenceComponents"] == []


def test_a_component_of_an_image_needs_no_model(host):
    container = {**IMAGE, "ArtifactUrl": "s3://bucket/models/a.tar.gz", "Environment": {"A": "b"}}
    create(host, {"Container": container, "ComputeResourceRequirements": NEEDS})
    described = component(host)["Specification"]["Container"]
    assert described["DeployedImage"]["SpecifiedImage"] == IMAGE["Image"]
    assert described["ArtifactUrl"] == container["ArtifactUrl"] and described["Environment"] == {"A": "b"}


@pytest.mark.parametrize(
    ("specification", "more", "named"),
    [
        ({"ComputeResourceRequirements": NEEDS}, {}, "either a ModelName or a Container"),
        ({**SPECIFICATION, "Container": IMAGE}, {}, "either a ModelName or a Container"),
        ({"Container": {"Environment": {}}, "ComputeResourceRequirements": NEEDS}, {}, "Container has no Image"),
        ({"ModelName": "m"}, {}, "needs Specification.ComputeResourceRequirements"),
        (
            {**SPECIFICATION, "ComputeResourceRequirements": {**NEEDS, "MaxMemoryRequiredInMb": 512}},
            {},
            "MinMemoryRequiredInMb is above",
        ),
        ({**SPECIFICATION, "ModelName": "none"}, {}, f'Could not find model "{ARN}model/none"'),
        ({"Container": {"Image": "nowhere:1"}, "ComputeResourceRequirements": NEEDS}, {}, "nowhere:1 not found"),
        ({**SPECIFICATION, "BaseInferenceComponentName": "b"}, {}, "Specification.BaseInferenceComponentName"),
        (SPECIFICATION, {"Specifications": [SPECIFICATION]}, "does not support Specifications"),
        (SPECIFICATION, {"VariantName": "w"}, "has no variant w; it has v"),
        (SPECIFICATION, {"EndpointName": "none"}, f'Could not find endpoint "{ARN}endpoint/none"'),
    ],
)
def test_a_component_beyond_the_local_one_is_refused_by_name(host, specification, more, named):
    with pytest.raises(ValidationException, match=named):
        create(host, specification, **more)
    assert host.call("ListInferenceComponents", {})["InferenceComponents"] == []


def test_a_model_of_several_containers_is_none_for_a_component(host):
    host.call("CreateModel", {"ModelName": "p", "Containers": [IMAGE, IMAGE]})
    with pytest.raises(ValidationException, match="one container with one model, which p is not"):
        create(host, {**SPECIFICATION, "ModelName": "p"})


def test_names_that_are_taken_or_missing_are_refused(host):
    create(host)
    component(host)
    with pytest.raises(ValidationException, match="Cannot create already existing inference component"):
        create(host)
    for operation in ("DescribeInferenceComponent", "DeleteInferenceComponent", "UpdateInferenceComponent"):
        with pytest.raises(ValidationException, match=f'Could not find inference component "{ARN}inference-component/'):
            host.call(operation, {"InferenceComponentName": "none"})


def test_an_endpoint_goes_after_its_components(host):
    create(host)
    component(host)
    with pytest.raises(ValidationException, match="while it hosts inference components"):
        host.call("DeleteEndpoint", {"EndpointName": "e"})
    assert settled(host)["EndpointStatus"] == "InService"
    host.call("DeleteInferenceComponent", {"InferenceComponentName": "i"})
    gone(host, "DescribeInferenceComponent", {"InferenceComponentName": "i"})
    host.call("DeleteEndpoint", {"EndpointName": "e"})
    gone(host, "DescribeEndpoint", {"EndpointName": "e"})


def test_an_update_says_only_what_is_to_be_different(host):
    host.call("CreateModel", {"ModelName": "n", "PrimaryContainer": IMAGE})
    create(host)
    component(host)
    update = {"InferenceComponentName": "i", "Specification": {"ModelName": "n"}}
    assert host.call("UpdateInferenceComponent", update) == {"InferenceComponentArn": f"{ARN}inference-component/i"}
    assert component(host)["Specification"] == {**SPECIFICATION, "ModelName": "n"}
    with pytest.raises(ValidationException, match="AutoRollbackConfiguration"):
        policy = {"MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 1}, "WaitIntervalInSeconds": 0}
        deployment = {"RollingUpdatePolicy": policy, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}
        host.call("UpdateInferenceComponent", {"InferenceComponentName": "i", "DeploymentConfig": deployment})


def test_components_are_not_for_an_endpoint_of_models_and_neither_becomes_the_other(host):
    packed = {**IMAGE, "ModelDataUrl": "s3://bucket/models/a.tar.gz"}  # no archive, so that nothing starts
    host.call("CreateModel", {"ModelName": "n", "PrimaryContainer": packed})
    create_config(host, {**OF_A_MODEL, "ModelName": "n"}, name="of-a-model", role=None)
    with pytest.raises(ValidationException, match="hosts inference components cannot be updated to host models"):
        host.call("UpdateEndpoint", {"EndpointName": "e", "EndpointConfigName": "of-a-model"})
    host.call("CreateEndpoint", {"EndpointName": "f", "EndpointConfigName": "of-a-model"})
    with pytest.raises(ValidationException, match="Inference Components are not supported in this Endpoint"):
        create(host, EndpointName="f")


def test_an_update_of_the_endpoint_leaves_its_components_where_they_are(host):
    create(host)
    component(host)
    create_config(host, {**HOST, "InstanceType": "ml.m5.xlarge"}, name="larger")
    host.call("UpdateEndpoint", {"EndpointName": "e", "EndpointConfigName": "larger"})
    until(lambda: settled(host)["EndpointConfigName"] == "larger")
    component(host)
    create_config(host, {**HOST, "VariantName": "w"}, name="renamed")
    create_config(host, HOST, name="isolated", EnableNetworkIsolation=True)
    for config, named in (("renamed", "component i is on variant v, which the new"), ("isolated", "does not move")):
        with pytest.raises(ValidationException, match=named):
            host.call("UpdateEndpoint", {"EndpointName": "e", "EndpointConfigName": config})


def test_the_instances_of_a_variant_are_those_of_its_components(host):
    with pytest.raises(ValidationException, match="use UpdateInferenceComponentRuntimeConfig"):
        wanted = [{"VariantName": "v", "DesiredInstanceCount": 2}]
        host.call("UpdateEndpointWeightsAndCapacities", {"EndpointName": "e", "DesiredWeightsAndCapacities": wanted})
    record = {"DeployedConfig": {"ProductionVariants": [HOST]}, "ProductionVariants": [HOST]}
    copies = [{"VariantName": "v", "CurrentCopyCount": count} for count in (1, 3)]
    assert with_instances(record, copies)[0]["CurrentInstanceCount"] == 3
    assert with_instances(record, [])[0]["CurrentInstanceCount"] == 0
    unscaled = {**HOST, "ManagedInstanceScaling": {"Status": "DISABLED"}}
    record = {"DeployedConfig": {"ProductionVariants": [unscaled]}, "ProductionVariants": [unscaled]}
    assert with_instances(record, [])[0]["CurrentInstanceCount"] == 1


def test_the_containers_have_the_models_role_and_isolation_else_the_endpoints():
    config = {"ExecutionRoleArn": "of the endpoint", "EnableNetworkIsolation": True}
    model = {"ModelName": "m", "PrimaryContainer": IMAGE, "ExecutionRoleArn": "of the model"}
    served = served_model(SPECIFICATION, config, model)
    assert served["ExecutionRoleArn"] == "of the model" and served["EnableNetworkIsolation"] is True
    served = served_model({"Container": IMAGE}, {"ExecutionRoleArn": "of the endpoint"}, None)
    assert served["ExecutionRoleArn"] == "of the endpoint" and served["EnableNetworkIsolation"] is False
    assert served["PrimaryContainer"] == {**IMAGE, "Environment": {}}


def test_a_container_takes_the_place_of_a_model():
    assert changed(SPECIFICATION, {"Container": IMAGE}) == {"Container": IMAGE, "ComputeResourceRequirements": NEEDS}
    assert changed({"Container": IMAGE}, {"ModelName": "m"}) == {"ModelName": "m"}


def test_a_copy_starts_as_long_and_has_as_much_memory_as_the_component_says():
    specification = {
        **SPECIFICATION,
        "StartupParameters": {"ContainerStartupHealthCheckTimeoutInSeconds": 99},
        "ComputeResourceRequirements": {**NEEDS, "MaxMemoryRequiredInMb": 2048},
    }
    plan = plan_component(HOST, {"ModelName": "m", "PrimaryContainer": IMAGE}, specification, 2)
    assert (plan.count, plan.seconds_to_ready, plan.container_memory_mb) == (2, 99, 2048)
