"""CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
"""

import time
from typing import Any

from local_test.api.errors import ValidationException
from local_test.api.listing import one_page
from local_test.api.request_validation import volume_key_problem
from local_test.api.supported_fields import check_supported
from local_test.api.tags import Tags
from local_test.host.emulator_settings import Platform
from local_test.serving.component_hosting import config_problems, hosts_components
from local_test.serving.models import Models
from local_test.serving.variant_plan import instance_types, model_problems, pool_problems

VARIANT = {
    "VariantName": None,
    "ModelName": None,
    "InitialInstanceCount": None,
    "InstanceType": None,
    "InstancePools": [{"InstanceType": None, "Priority": None}],
    "InitialVariantWeight": None,
    "ServerlessConfig": {"MemorySizeInMB": None, "MaxConcurrency": None, "ProvisionedConcurrency": None},
    "VolumeSizeInGB": None,
    "ModelDataDownloadTimeoutInSeconds": None,
    "ContainerStartupHealthCheckTimeoutInSeconds": None,
    "RoutingConfig": {"RoutingStrategy": ("LEAST_OUTSTANDING_REQUESTS", "RANDOM")},
    "InferenceAmiVersion": None,
}
SUPPORTED = {
    "EndpointConfigName": None,
    "ProductionVariants": [VARIANT],
    "DataCaptureConfig": {
        "EnableCapture": None,
        "InitialSamplingPercentage": None,
        "DestinationS3Uri": None,
        "CaptureOptions": None,
        "CaptureContentTypeHeader": None,
    },
    "AsyncInferenceConfig": {
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": None},
        "OutputConfig": {"S3OutputPath": None, "S3FailurePath": None},
    },
    "Tags": None,
    "ExecutionRoleArn": None,
    "EnableNetworkIsolation": None,
}
UNSUPPORTED_TOGETHER = "One or more endpoint features are not supported using this configuration"  # AWS's words


class EndpointConfigs:
    def __init__(self, platform: Platform, tags: Tags):
        self._platform, self._tags, self._models = platform, tags, Models(platform, tags)
        self._records = platform.state.records("endpoint-configs")

    def create_endpoint_config(self, request: dict[str, Any]) -> dict[str, Any]:
        check_supported(request, SUPPORTED, "CreateEndpointConfig", self._platform.strict)
        for problem in problems(request):
            raise ValidationException(problem)
        for field, uri in _output_uris(request):
            try:
                self._platform.files.check(uri)
            except ValueError as error:
                raise ValidationException(f"{field}: {error}") from error
        for variant in [] if hosts_components(request) else request["ProductionVariants"]:
            for problem in model_problems(request, variant, self._models.get(variant["ModelName"])):
                raise ValidationException(f"{UNSUPPORTED_TOGETHER}: {problem}")
        name, arn = request["EndpointConfigName"], self._arn(request["EndpointConfigName"])
        record = {field: value for field, value in request.items() if field != "Tags"}
        record["ProductionVariants"] = [
            {"InitialVariantWeight": 1.0, **variant} for variant in request["ProductionVariants"]
        ]
        if not self._records.create(name, {**record, "EndpointConfigArn": arn, "CreationTime": time.time()}):
            raise ValidationException(f'Cannot create already existing endpoint configuration "{arn}".')
        self._tags.set(arn, request.get("Tags"))
        return {"EndpointConfigArn": arn}

    def describe_endpoint_config(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"EnableNetworkIsolation": False, **self.get(request["EndpointConfigName"])}

    def list_endpoint_configs(self, request: dict[str, Any]) -> dict[str, Any]:
        fields = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
        summaries = [{name: record[name] for name in fields} for record in self._records.all()]
        return one_page(summaries, request, "EndpointConfig", "EndpointConfigs")

    def delete_endpoint_config(self, request: dict[str, Any]) -> dict[str, Any]:
        arn = self._arn(request["EndpointConfigName"])
        if not self._records.delete(request["EndpointConfigName"]):
            raise ValidationException(f'Could not find endpoint configuration "{arn}".')
        self._tags.forget(arn)
        return {}

    def get(self, name: str) -> dict[str, Any]:
        """The request of a configuration, every variant with its weight. Raises ValidationException when there is
        none.
        """
        record = self._records.get(name)
        if record is None:
            raise ValidationException(f'Could not find endpoint configuration "{self._arn(name)}".')
        return record

    def _arn(self, name: str) -> str:
        return self._platform.arn("endpoint-config", name)


def problems(request: dict[str, Any]) -> list[str]:
    """What is wrong with a configuration beyond what the service model says, a sentence each."""
    variants = request["ProductionVariants"]
    names = [variant["VariantName"] for variant in variants]
    found = [f"Duplicate production variant name {name}." for name in sorted(set(names)) if names.count(name) > 1]
    found += config_problems(request)
    for variant in variants:
        found += _variant_problems(variant)
        key_problems = [
            volume_key_problem("KmsKeyId", kind, request.get("KmsKeyId")) for kind in instance_types(variant)
        ]
        found += [problem for problem in key_problems if problem]
    if not any(variant.get("InitialVariantWeight", 1.0) > 0 for variant in variants):
        found.append("At least one production variant needs an InitialVariantWeight above 0.")
    # https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html#serverless-endpoints-how-it-works-exclusions
    serverless = any("ServerlessConfig" in variant for variant in variants)
    if serverless and (len(variants) > 1 or "AsyncInferenceConfig" in request or "DataCaptureConfig" in request):
        found.append(
            f"{UNSUPPORTED_TOGETHER}: ServerlessConfig excludes further variants, AsyncInferenceConfig and "
            "DataCaptureConfig."
        )
    if "AsyncInferenceConfig" in request and "DataCaptureConfig" in request:
        found.append(f"{UNSUPPORTED_TOGETHER}: AsyncInferenceConfig excludes DataCaptureConfig.")
    if "AsyncInferenceConfig" in request and not request["AsyncInferenceConfig"]["OutputConfig"].get("S3OutputPath"):
        found.append("The local SageMaker has no default bucket: give AsyncInferenceConfig.OutputConfig.S3OutputPath.")
    return found


def _output_uris(request: dict[str, Any]) -> list[tuple[str, str]]:
    """(field, URI) of everything that endpoints with this configuration write."""
    found = []
    if capture := request.get("DataCaptureConfig"):
        found.append(("DataCaptureConfig.DestinationS3Uri", capture["DestinationS3Uri"]))
    output = request.get("AsyncInferenceConfig", {}).get("OutputConfig", {})
    found += [
        (f"AsyncInferenceConfig.OutputConfig.{field}", output[field])
        for field in ("S3OutputPath", "S3FailurePath")
        if output.get(field)
    ]
    return found


def _variant_problems(variant: dict[str, Any]) -> list[str]:
    name, serverless = variant["VariantName"], variant.get("ServerlessConfig")
    found = pool_problems(variant)
    if serverless is None and not (instance_types(variant) and variant.get("InitialInstanceCount")):
        found.append(f"Variant {name} needs InstanceType and InitialInstanceCount, or ServerlessConfig.")
    if serverless is not None and (variant.get("InstanceType") or variant.get("InitialInstanceCount")):
        found.append(f"Variant {name} has ServerlessConfig: InstanceType and InitialInstanceCount exclude it.")
    if serverless is not None:
        if serverless["MemorySizeInMB"] % 1024:
            found.append(f"MemorySizeInMB of variant {name} is one of 1024, 2048, 3072, 4096, 5120 and 6144.")
        if serverless.get("ProvisionedConcurrency", 1) > serverless["MaxConcurrency"]:
            found.append(f"ProvisionedConcurrency of variant {name} is above its MaxConcurrency.")
    return found
