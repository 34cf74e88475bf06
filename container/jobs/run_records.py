"""What the report, TensorBoard and MLflow are told of a run besides its measurements: the job, its hyperparameters, its
command, its data set.
"""

import json
import os
import time
import uuid
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import torch

from container.jobs.run import Run
from container.report.record import RunRecord, SplitCounts
from container.tracking.run_files import RunFiles
from container.training.hyperparameters import command, given_values
from contract.hyperparameter_texts import all_values

PACKAGES = ("torch", "torchvision", "sagemaker-training", "smdebug")
# From the request's TensorBoardOutputConfig: what is written to its LocalPath goes to S3 while the job runs.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TensorBoardOutputConfig.html
TENSORBOARD_CONFIG_FILE = Path("/opt/ml/input/config/tensorboardoutputconfig.json")
TENSORBOARD_FOLDER = "/opt/ml/output/tensorboard"


def opening_record(run: Run) -> RunRecord:
    """The record of a run that begins now."""
    given = given_values(run.arguments)
    return RunRecord(
        started=time.time(),
        job=os.environ.get("TRAINING_JOB_NAME", ""),
        compute=str(run.device),
        hosts=run.process_rank.world_size // run.process_rank.local_world_size,
        command=command(given),
        hyperparameters=all_values(run.hyperparameters, given),
        versions={name: version(name) for name in PACKAGES},
    )


def split_counts(labels: torch.Tensor, classes: Sequence[str], unreadable: int, repeated: int) -> SplitCounts:
    """What a split holds.

    Args:
        labels: int64 [n], of the pictures that are used.
        classes: names, by label.
        unreadable, repeated: pictures that are left out.
    """
    return SplitCounts(
        len(labels),
        unreadable,
        repeated,
        dict(zip(classes, torch.bincount(labels, minlength=len(classes)).tolist(), strict=True)),
    )


def track(run: Run, config_file: Path = TENSORBOARD_CONFIG_FILE) -> RunFiles:
    """Begin a run's files for TensorBoard and MLflow.

    config_file: says where the platform takes event files from.
    """
    return RunFiles(
        run.output_data_dir,
        job=os.environ.get("TRAINING_JOB_NAME", ""),
        run_id=run_id(os.environ.get("TRAINING_JOB_ARN", "")),
        host=os.environ.get("SM_CURRENT_HOST", "") or "algo-1",
        hyperparameters=all_values(run.hyperparameters, given_values(run.arguments)),
        events=event_folder(config_file),
    )


def run_id(job_arn: str) -> str:
    """32 hex digits, the same for the same job, so that its files do not become two runs where they are copied twice.

    job_arn: empty for a run by hand, which has an id of its own every time.
    """
    return (uuid.uuid5(uuid.NAMESPACE_URL, job_arn) if job_arn else uuid.uuid4()).hex


def event_folder(config_file: Path) -> Path | None:
    """The folder for event files that the platform keeps in S3; None where the request has none."""
    try:
        said = json.loads(config_file.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(said, dict):
        return None
    return Path(str(said.get("LocalPath") or TENSORBOARD_FOLDER))
