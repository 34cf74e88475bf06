"""Where a run's files for TensorBoard and MLflow go, and by which name they know it."""

import json
import os
import uuid
from pathlib import Path

from container.jobs.report_facts import given_values
from container.jobs.run import Run
from container.tracking.run_files import RunFiles
from contract.hyperparameter_texts import all_values

# From the request's TensorBoardOutputConfig: what is written to its LocalPath goes to S3 while the job runs.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TensorBoardOutputConfig.html
CONFIG_FILE = Path("/opt/ml/input/config/tensorboardoutputconfig.json")
PLATFORM_FOLDER = "/opt/ml/output/tensorboard"


def track(run: Run, config_file: Path = CONFIG_FILE) -> RunFiles:
    """Begin the files of a run."""
    return RunFiles(
        run.output_data_dir,
        job=os.environ.get("TRAINING_JOB_NAME", ""),
        run_id=run_id(os.environ.get("TRAINING_JOB_ARN", "")),
        host=os.environ.get("SM_CURRENT_HOST", "") or "algo-1",
        hyperparameters=all_values(run.hyperparameters, given_values(run.arguments)),
        events=platform_folder(config_file),
    )


def run_id(job_arn: str) -> str:
    """32 hex digits, the same for the same job, so that its files do not become two runs where they are copied twice.

    job_arn: empty for a run by hand, which has an id of its own every time.
    """
    return (uuid.uuid5(uuid.NAMESPACE_URL, job_arn) if job_arn else uuid.uuid4()).hex


def platform_folder(config_file: Path) -> Path | None:
    """The folder for event files that the platform keeps in S3; None where the request has none."""
    try:
        said = json.loads(config_file.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(said, dict):
        return None
    return Path(str(said.get("LocalPath") or PLATFORM_FOLDER))
