"""The SageMaker control plane: an operation's name and its request in, its answer out.

An operation that is not here is refused with the part of SageMaker that it is of, and what to do instead.
"""

import re
from typing import Any

import botocore

from local_test.api.errors import UnknownOperation
from local_test.api.request_validation import operations, python_name, validate
from local_test.host.command import COMMAND

SEND_TO_AWS = "send this request to AWS instead"
USE_A_SHELL = f"Run the notebook on this machine, in a shell that has evaluated `{COMMAND} env`"
# Words in the names of operations -> the part of SageMaker, and the way out. The first that is found counts.
MISSING_PARTS = {
    "^Search$|SearchSuggestions": (
        "the search over an account's resources",
        "Use the List operations of the jobs and models",
    ),
    "FeatureGroup|FeatureMetadata|Record": ("the Feature Store", "Keep features as objects in S3"),
    "ModelPackage|ModelCard": ("the model registry", "Give CreateModel the Image and the ModelDataUrl themselves"),
    "Pipeline|Execution": ("Pipelines", "Call the operations of its steps yourself, such as CreateTrainingJob"),
    "InferenceExperiment": ("shadow tests", "Deploy two variants"),
    "Experiment|Trial|Action|Artifact|Context|Association|Lineage": (
        "experiments and lineage",
        "Read a job's metrics in DescribeTrainingJob and in CloudWatch",
    ),
    "Metrics": ("the metrics of experiments", "Print metrics, with MetricDefinitions in the training job"),
    "NotebookInstance|CodeRepositor": ("notebook instances", USE_A_SHELL),
    "Domain|UserProfile|App|Space|Studio|Image|PresignedUrl|SessionUrl": ("Studio", USE_A_SHELL),
    "Label|Workforce|Workteam|Human|Flow": ("Ground Truth and its people", "Label the data before"),
    "AutoML": ("Autopilot", "Use CreateHyperParameterTuningJob with an image of your own"),
    "Compilation|Edge|Device|Heartbeat": ("Neo and Edge Manager", "Deploy the model as it is"),
    "Monitoring|DataQuality|Bias|ModelQuality|Explainability": (
        "Model Monitor",
        "Data capture is here: read what it writes to S3",
    ),
    "InferenceRecommend|AIRecommend|AIBenchmark|AIWorkload": (
        "the Inference Recommender",
        "Measure an endpoint of your own",
    ),
    "Optimization": ("model optimization", "Deploy the model as it is"),
    "Hub": ("JumpStart's hubs", "Give CreateModel an image and a model of your own"),
    "Mlflow": ("MLflow servers", "Start one on this machine: `mlflow server`"),
    "Cluster|TrainingPlan|ReservedCapacity|ComputeQuota": ("HyperPod", "Use CreateTrainingJob"),
    "Algorithm": ("algorithms of the Marketplace", "Give TrainingImage the image itself"),
    "Project|Portfolio": ("projects", "Create what a project would hold by itself"),
}


class SageMakerApi:
    """Finds the handler of an operation among `parts`: objects with methods named as boto3 names them."""

    def __init__(self, *parts: object):
        self._handlers = {
            name: getattr(part, python_name(name))
            for name in operations()
            for part in parts
            if hasattr(part, python_name(name))
        }

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Raises ApiError. An operation that is not here is refused: an invented answer would be a lie."""
        if operation not in operations():
            raise UnknownOperation(
                f"SageMaker has no operation {operation}, as far as the local SageMaker's botocore "
                f"{botocore.__version__} knows. Send this request to AWS instead."
            )
        if operation not in self._handlers:
            raise UnknownOperation(why_refused(operation))
        validate(operation, request)
        return self._handlers[operation](request)


def why_refused(operation: str) -> str:
    """A sentence that names the operation, its part of SageMaker where that is known, and the way out."""
    found = next((answer for words, answer in MISSING_PARTS.items() if re.search(words, operation)), None)
    if not found:
        return f"The local SageMaker does not have {operation}. {SEND_TO_AWS[0].upper()}{SEND_TO_AWS[1:]}."
    part, instead = found
    return f"The local SageMaker does not have {operation}, which belongs to {part}. {instead}, or {SEND_TO_AWS}."
