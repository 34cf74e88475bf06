"""What an error of the program means to its user: one sentence for /opt/ml/output/failure, with the next step."""

import errno
import os

import torch

from container.runtime.failure import TrainingFailure
from contract.hyperparameters import Hyperparameters

MOST_OF_A_PEER = 300  # characters of an error that says little
MOST_SAID = 700  # characters of an error; with what follows it they are within those that SageMaker shows


def reason_of(error: Exception, hyperparameters: Hyperparameters | None, is_of_a_lost_peer: bool = False) -> str:
    """hyperparameters: None before they were read. is_of_a_lost_peer: the error says no more than that another process
    has gone.
    """
    if isinstance(error, TrainingFailure):
        return str(error)
    if is_of_a_lost_peer:
        said = " ".join(str(error).split())[:MOST_OF_A_PEER]
        return (
            "Another process of this run ended or cannot be reached. The log of the host that ended first says why; "
            f"this one has only {type(error).__name__}: {said}"
        )
    out_of_memory = isinstance(
        error, (torch.OutOfMemoryError, MemoryError)
    ) or "DefaultCPUAllocator: can't allocate memory" in str(error)
    if hyperparameters and out_of_memory:
        memory = "GPU's memory" if isinstance(error, torch.OutOfMemoryError) else "memory"
        return (
            f"The {memory} is too small for batch-size {hyperparameters.batch_size} with {hyperparameters.arch} at "
            f"image-size {hyperparameters.image_size}. Lower one of them, or take an instance type with more of it."
        )
    # safetensors has errors of its own, with the system's text in them
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in str(error):
        return "The disk is full. Give the job a larger volume (VolumeSizeInGB; volume-gb in sagemaker.toml)."
    if isinstance(error, PermissionError) and error.filename:
        return (
            f"{error.filename} may not be read or written by user {os.getuid()} of the container ({error.strerror}). "
            "Run the container as root, as SageMaker does, or give that user the folder."
        )
    said = " ".join(str(error).split()).rstrip(".")  # torch's errors have several lines
    return f"{type(error).__name__}{said and ': '}{said[:MOST_SAID]}. The traceback is in the log."
