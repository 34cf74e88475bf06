"""Whether autoscaling manages the endpoint."""

from scripts.aws import Aws
from scripts.requests.autoscaling import scalable_target


def registered_targets(aws: Aws) -> list[dict]:
    """Application Auto Scaling's entry for the endpoint's variant: one, or none."""
    target = scalable_target(aws.settings.prefix)
    return aws.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace=target["ServiceNamespace"], ResourceIds=[target["ResourceId"]],
        ScalableDimension=target["ScalableDimension"],
    )["ScalableTargets"]
