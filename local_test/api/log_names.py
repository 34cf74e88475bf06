"""Where the log of an endpoint, and of an inference component, is.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

PLATFORM = "platform"  # stream of what the local SageMaker itself says, beside the containers' streams


def endpoint_group(name: str) -> str:
    return f"/aws/sagemaker/Endpoints/{name}"


def component_group(name: str) -> str:
    return f"/aws/sagemaker/InferenceComponents/{name}"
