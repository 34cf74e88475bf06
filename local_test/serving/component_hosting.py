"""Endpoints whose variants have no model of their own: inference components bring models, and containers, to them.

https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-deploy-models.html
"""

from collections.abc import Sequence
from typing import Any

from local_test.host.state import Records
from local_test.serving.endpoint_description import DEPLOYED

RECORDS = "inference-components"  # the kind of their records
# Of the configuration, as far as it is about the containers of components.
_OF_CONTAINERS = ("ExecutionRoleArn", "EnableNetworkIsolation")


def hosts_components(config: dict[str, Any]) -> bool:
    """config: a CreateEndpointConfig request, or its record."""
    return not any(variant.get("ModelName") for variant in config["ProductionVariants"])


def config_problems(request: dict[str, Any]) -> list[str]:
    """Why a configuration whose variants lack a ModelName cannot be, a sentence each; none where each has one."""
    without = [one["VariantName"] for one in request["ProductionVariants"] if not one.get("ModelName")]
    isolates = bool(request.get("EnableNetworkIsolation"))
    if not without:
        return ["EnableNetworkIsolation is for variants without ModelName: give it to their models."] * isolates
    if not hosts_components(request):
        return [f"Variant {without[0]} has no ModelName, and others have: give it to each variant, or to none."]
    found = []
    if not request.get("ExecutionRoleArn"):
        found.append(
            f"Variant {without[0]} has no ModelName: a configuration for inference components needs ExecutionRoleArn."
        )
    excluded = {
        "AsyncInferenceConfig": "AsyncInferenceConfig" in request,
        "DataCaptureConfig": "DataCaptureConfig" in request,
        "ServerlessConfig": any("ServerlessConfig" in one for one in request["ProductionVariants"]),
    }
    for one in request["ProductionVariants"]:
        found += _scaling_problems(one)
    found += [
        f"{field} is for variants with ModelName: it excludes inference components."
        for field, given in excluded.items()
        if given
    ]
    return found


def _scaling_problems(variant: dict[str, Any]) -> list[str]:
    scaling = variant.get("ManagedInstanceScaling", {})
    if scaling.get("Status") != "ENABLED":
        return []
    most, of_variant = scaling.get("MaxInstanceCount"), f"of variant {variant['VariantName']}"
    return [
        f"{field} {of_variant} is above its MaxInstanceCount of {most}."
        for field, count in (
            ("MinInstanceCount", scaling.get("MinInstanceCount", 0)),
            ("InitialInstanceCount", variant.get("InitialInstanceCount", 0)),
        )
        if most is not None and count > most
    ]


def components_on(records: Records, endpoint: str) -> list[dict[str, Any]]:
    """Records of the components of the endpoint of this name. records: of the kind RECORDS."""
    return [one for one in records.all() if one["EndpointName"] == endpoint]


def deletion_problems(arn: str, components: Sequence[dict[str, Any]]) -> list[str]:
    """Why the endpoint cannot be deleted now. components: their records."""
    if not components:
        return []
    names = ", ".join(one["InferenceComponentName"] for one in components)
    return [f'Cannot delete endpoint "{arn}" while it hosts inference components. Delete them first: {names}.']


def update_problems(
    config: dict[str, Any], deployed: dict[str, Any], components: Sequence[dict[str, Any]]
) -> list[str]:
    """Why an endpoint cannot go from the configuration `deployed` to `config`. components: records of those on it."""
    if hosts_components(config) != hosts_components(deployed):
        hosts, wanted = "models", "inference components"
        if hosts_components(deployed):
            hosts, wanted = wanted, hosts
        return [f"An endpoint that hosts {hosts} cannot be updated to host {wanted}. Create another one."]
    variants = {one["VariantName"] for one in config["ProductionVariants"]}
    found = [
        f"The inference component {one['InferenceComponentName']} is on variant {one['VariantName']}, which the new "
        "configuration does not have."
        for one in components
        if one["VariantName"] not in variants
    ]
    found += [
        f"The local SageMaker does not move inference components to another {field}. Delete them before this update."
        for field in _OF_CONTAINERS
        if components and (config.get(field) or None) != (deployed.get(field) or None)
    ]
    return found


def with_instances(record: dict[str, Any], components: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The endpoint's ProductionVariants, each with as many instances as its components need: one for each copy of that
    which has most of them, as long as instances are scaled, and as many as were asked for otherwise.

    record: of the endpoint. components: records of those on it.
    """
    asked = {one["VariantName"]: one.get("InitialInstanceCount", 0) for one in record[DEPLOYED]["ProductionVariants"]}
    shown = []
    for variant in record["ProductionVariants"]:
        scaling = variant.get("ManagedInstanceScaling", {})
        on_it = [one for one in components if one["VariantName"] == variant["VariantName"]]
        if scaling.get("Status") == "ENABLED":
            needed = [one["CurrentCopyCount"] for one in on_it]
            count = max([scaling.get("MinInstanceCount", 0), *needed])
        else:
            count = asked.get(variant["VariantName"], 0)
        shown.append({**variant, "CurrentInstanceCount": count, "DesiredInstanceCount": count})
    return shown
