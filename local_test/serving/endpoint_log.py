"""What the local SageMaker itself says in the log group of an endpoint, beside its containers."""

import time
from typing import Any

from local_test.api.supported_fields import without_effect, without_effect_line
from local_test.host.emulator_settings import Platform
from local_test.serving.variant_plan import VariantPlan

STREAM = "platform"


def name_without_effect(platform: Platform, endpoint: str, config: dict[str, Any], plans: list[VariantPlan]) -> None:
    """One line with the fields of the configuration and of its models that have no effect here, if there are any.

    config: the endpoint configuration's record.
    """
    fields = without_effect("CreateEndpointConfig", config)
    for model in {plan.model["ModelName"]: plan.model for plan in plans}.values():
        fields += [f"{field} of model {model['ModelName']}" for field in without_effect("CreateModel", model)]
    if fields:
        line = without_effect_line(fields)
        platform.logs.write(log_group(endpoint), STREAM, [(int(time.time() * 1000), line)])


def log_group(endpoint: str) -> str:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html"""
    return f"/aws/sagemaker/Endpoints/{endpoint}"
