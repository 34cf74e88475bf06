"""Which machine image brings the NVIDIA driver that an image's CUDA libraries need.

An ml.g4dn endpoint starts on driver 470 (CUDA 11.4) unless InferenceAmiVersion says otherwise, and PyTorch then says
"The NVIDIA driver on your system is too old". CUDA 12 needs a driver from 525 on, CUDA 13 one from 580 on.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformResources.html
https://docs.nvidia.com/deploy/cuda-compatibility/"""

import re

from scripts.console.failure import Failure

# The newest with a driver of the same CUDA major: an image of CUDA 12 has been seen to hang on gpu-4-1.
_INFERENCE = {12: "al2-ami-sagemaker-inference-gpu-3-1", 13: "al2023-ami-sagemaker-inference-gpu-4-1"}
_TRANSFORM = {12: "al2-ami-sagemaker-batch-gpu-535"}
# Kepler ended with driver 470; Blackwell begins with driver 570, later than any image of CUDA 12 brings.
_TOO_OLD, _NEWER_THAN_CUDA_12 = {"p2"}, {"g7", "g7e", "p6-b200", "p6e-gb200", "p6-b300"}


def has_gpu(instance_type: str) -> bool:
    """Whether `ml.g4dn.xlarge` and the like have NVIDIA GPUs: the families g and p."""
    return re.match(r"ml\.(g|gr|p)\d", instance_type) is not None


def inference_ami(instance_type: str, cuda: int) -> str | None:
    """InferenceAmiVersion for an endpoint, None for an instance without a GPU. cuda: major version, 12 or 13.

    Raises Failure when no machine image brings a driver for both the GPU and the CUDA version.
    """
    return _fitting(_INFERENCE, instance_type, cuda, "endpoint")


def transform_ami(instance_type: str, cuda: int) -> str | None:
    """TransformAmiVersion for a transform job; otherwise as `inference_ami`."""
    return _fitting(_TRANSFORM, instance_type, cuda, "transform job")


def _fitting(versions: dict[int, str], instance_type: str, cuda: int, what: str) -> str | None:
    if not has_gpu(instance_type):
        return None
    family = instance_type.split(".")[1]
    if cuda not in versions or family in _TOO_OLD or (cuda == 12 and family in _NEWER_THAN_CUDA_12):
        raise Failure(
            f"No machine image of SageMaker has a driver for an {what} on {instance_type} with CUDA {cuda} libraries. "
            "Choose another instance type in sagemaker.toml, such as ml.g4dn.xlarge."
        )
    return versions[cuda]
