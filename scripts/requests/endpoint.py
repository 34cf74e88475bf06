"""CreateEndpoint, and UpdateEndpoint with a blue/green deployment.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

import math

from scripts.config.contradictions import LONGEST_UPDATE
from scripts.config.names import endpoint
from scripts.config.settings import Settings
from scripts.requests.tags import project_tags


def create_endpoint_request(settings: Settings, *, config: str) -> dict:
    return {
        "EndpointName": endpoint(settings.prefix),
        "EndpointConfigName": config,
        "Tags": project_tags(settings.prefix),
    }


def update_endpoint_request(settings: Settings, *, config: str, serverless: bool = False) -> dict:
    """Request that brings the endpoint to the endpoint config named `config`. serverless: whether it is that now."""
    request = {"EndpointName": endpoint(settings.prefix), "EndpointConfigName": config}
    if serverless or settings.deploy.mode == "serverless":
        return request  # deployment guardrails move traffic from instances to instances
    if settings.autoscaling.max_instances:
        # Keep the instances that autoscaling has brought; only what is captured follows the new config.
        request["RetainAllVariantProperties"] = True
        request["ExcludeRetainedVariantProperties"] = [{"VariantPropertyType": "DataCaptureConfig"}]
    request["DeploymentConfig"] = _deployment(settings)
    return request


def _deployment(settings: Settings) -> dict:
    update, deploy = settings.update, settings.deploy
    routing = {"Type": update.traffic, "WaitIntervalInSeconds": 0}
    steps = 0
    if update.traffic != "ALL_AT_ONCE":
        steps = 1 if update.traffic == "CANARY" else math.ceil(100 / update.step_percent)
        routing["WaitIntervalInSeconds"] = update.wait_seconds
        routing["CanarySize" if update.traffic == "CANARY" else "LinearStepSize"] = {
            "Type": "CAPACITY_PERCENT",
            "Value": update.step_percent,
        }
    # Longer than all the waiting, or the deployment is given up while it waits; half an hour for instances to come.
    waiting = steps * update.wait_seconds + update.keep_old_seconds + deploy.startup_timeout_seconds
    longest = waiting + deploy.download_timeout_seconds + 1_800
    deployment = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": update.keep_old_seconds,
            "MaximumExecutionTimeoutInSeconds": min(longest, LONGEST_UPDATE),
        }
    }
    if update.alarms:
        deployment["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in update.alarms]}
    return deployment
