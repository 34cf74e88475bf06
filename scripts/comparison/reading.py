"""Reading of training jobs: their descriptions, what they left in S3, and their logs where that tells nothing."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from contract.opt_ml import EVALUATION, MLFLOW, REPORT_RECORD, TENSORBOARD
from scripts.aws.clients import Aws
from scripts.aws.job_output import output_uri, read_output
from scripts.aws.jobs import ENDED, TRAINING
from scripts.comparison.run import Run, run_of
from scripts.comparison.series import series_of_record
from scripts.console.failure import Failure, error_code, explain, is_denied
from scripts.console.parallel import in_parallel

THREADS = 4  # an output may be 200 MB
_NOT_THERE = ("404", "NoSuchKey", "NoSuchBucket")


def read_runs(aws: Aws, descriptions: Sequence[dict[str, Any]]) -> list[Run]:
    """The runs of these jobs, in their order. descriptions: DescribeTrainingJob's answers.

    What cannot be read of a job is one of its notes, and a warning on stderr.
    """
    for service in ("s3", "logs"):
        aws.client(service)  # before the threads, which share it
    return list(in_parallel(lambda one: _read_run(aws, one), descriptions, THREADS))


def _read_run(aws: Aws, description: dict[str, Any]) -> Run:
    files: dict[str, bytes] = {}
    notes: list[str] = []
    if description["TrainingJobStatus"] in ENDED:
        try:
            files = _output(aws, description)
        except (Failure, ClientError) as error:
            said = str(error) if isinstance(error, Failure) else explain(error)
            print(f"warning: {description['TrainingJobName']} is compared without its output. {said}", file=sys.stderr)
            notes.append(f"Its output could not be read: {said}")
    record, evaluation = _json(files.get(REPORT_RECORD)), _json(files.get(EVALUATION))
    log = None
    if not series_of_record(record):
        lines = TRAINING.log(aws, description["TrainingJobName"], optional=True).new_lines()
        log = [one.message for one in lines]
    return run_of(
        description,
        aws.settings.prefix,
        record=record,
        evaluation=evaluation,
        log=log,
        tracking={name: content for name, content in files.items() if _is_tracking(name)},
        notes=tuple(notes),
    )


def _output(aws: Aws, description: dict[str, Any]) -> dict[str, bytes]:
    """The files of the output that are about figures; none where the job left no output. Raises Failure, ClientError
    for an output that is there and cannot be read.
    """
    uri = output_uri(description)
    if not uri.startswith("s3://"):
        return {}
    try:
        return read_output(aws, uri, lambda name: name in (REPORT_RECORD, EVALUATION) or _is_tracking(name))
    except ClientError as error:
        # Where these credentials may not list the bucket, S3 says 403 for what is not there, too.
        if error_code(error) in _NOT_THERE:
            return {}
        if is_denied(error):
            raise Failure(f"{uri} is not there, or may not be read. {explain(error)}") from error
        raise


def _is_tracking(name: str) -> bool:
    return name.startswith((f"{TENSORBOARD}/", f"{MLFLOW}/"))


def _json(content: bytes | None) -> Any:
    """None for what is not there and for what is no JSON: a program of the user's own may have written it."""
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
