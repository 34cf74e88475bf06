"""Which machine image brings the NVIDIA driver that an image's CUDA libraries need.

An ml.g4dn endpoint starts on driver 470 (CUDA 11.4) unless InferenceAmiVersion says otherwise, and PyTorch then says
"The NVIDIA driver on your system is too old". CUDA 12 needs a driver from 525 on, CUDA 13 one from 580 on.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformResources.html
https://docs.nvidia.com/deploy/cuda-compatibility/"""

import re
from collections.abc import Sequence

from scripts.console.failure import Failure

# The newest with a driver of the same CUDA major: an image of CUDA 12 has been seen to hang on gpu-4-1.
_INFERENCE = {12: "al2-ami-sagemaker-inference-gpu-3-1", 13: "al2023-ami-sagemaker-inference-gpu-4-1"}
_TRANSFORM = {12: "al2-ami-sagemaker-batch-gpu-535"}
# Kepler ended with driver 470, Volta with CUDA 12; Blackwell begins with driver 570, later than any image of CUDA 12
# brings.
_TOO_OLD, _TOO_OLD_FOR_CUDA_13 = {"p2"}, {"p3", "p3dn"}
_NEWER_THAN_CUDA_12 = {"g7", "g7e", "p6-b200", "p6e-gb200", "p6-b300"}


def has_gpu(instance_type: str) -> bool:
    """Whether `ml.g4dn.xlarge` and the like have NVIDIA GPUs: the families g and p."""
    return re.match(r"ml\.(g|gr|p)\d", instance_type) is not None


def inference_ami(instance_type: str, cuda: int) -> str | None:
    """InferenceAmiVersion for an endpoint, None for an instance without a GPU. cuda: major version, 12 or 13.

    Raises Failure when no machine image brings a driver for both the GPU and the CUDA version.
    """
    return _fitting(_INFERENCE, instance_type, cuda, "an endpoint")


def common_inference_ami(instance_types: Sequence[str], cuda: int) -> str | None:
    """The InferenceAmiVersion of a variant that may get instances of any of these types, at least one; there is one
    for all. Otherwise as `inference_ami`.
    """
    versions = {one: inference_ami(one, cuda) for one in instance_types}
    if len(set(versions.values())) > 1:
        raise Failure(
            f"deploy.instance-types has types with and without a GPU: {', '.join(versions)}. They share one machine "
            "image: name only such with, or only such without."
        )
    return versions[instance_types[0]]


def transform_ami(instance_type: str, cuda: int) -> str | None:
    """TransformAmiVersion for a transform job; otherwise as `inference_ami`."""
    return _fitting(_TRANSFORM, instance_type, cuda, "a transform job")


def _fitting(versions: dict[int, str], instance_type: str, cuda: int, what: str) -> str | None:
    if not has_gpu(instance_type):
        return None
    family = instance_type.split(".")[1]
    unfit = _TOO_OLD | (_NEWER_THAN_CUDA_12 if cuda == 12 else _TOO_OLD_FOR_CUDA_13)
    if cuda not in versions or family in unfit:
        step = "Choose another instance type in sagemaker.toml, such as ml.g4dn.xlarge."
        if cuda not in versions:  # then no type with a GPU would do
            step = f"Choose one without a GPU, or an image with CUDA {max(versions)} and deploy.cuda = {max(versions)}."
        raise Failure(
            f"No machine image of SageMaker has a driver for {what} on {instance_type} with CUDA {cuda} libraries. "
            f"{step}"
        )
    return versions[cuda]
