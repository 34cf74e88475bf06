"""What the local SageMaker itself says in the log of an endpoint or an inference component, beside its containers."""

import time
from collections.abc import Iterable
from typing import Any

from local_test.api.logs import PLATFORM
from local_test.api.supported_fields import without_effect, without_effect_line
from local_test.host.emulator_settings import Platform


def name_without_effect(
    platform: Platform, group: str, operation: str, request: dict[str, Any], models: Iterable[dict[str, Any]]
) -> None:
    """One line with the fields of the request and of its models that have no effect here, if there are any.

    Args:
        group: of CloudWatch.
        request: of the operation, or the record that was made of it.
        models: records of the models that are served.
    """
    fields = without_effect(operation, request)
    for model in {one["ModelName"]: one for one in models}.values():
        fields += [f"{field} of model {model['ModelName']}" for field in without_effect("CreateModel", model)]
    if fields:
        platform.logs.write(group, PLATFORM, [(int(time.time() * 1000), without_effect_line(fields))])
