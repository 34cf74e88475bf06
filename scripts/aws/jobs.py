"""Training, tuning and transform jobs: their names in the API, finding them, and following one to its end."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from contract.waits import minutes
from scripts.aws.clients import Aws, Call
from scripts.aws.log_tail import TRAINING_GROUP, TRANSFORM_GROUP, LogLine, LogTail, print_lines
from scripts.aws.waiting import answers
from scripts.config import names
from scripts.console.diagnosis import capacity_step
from scripts.console.failure import Failure, error_code, explain
from scripts.console.make import make
from scripts.console.waits import Wait

ENDED = ("Completed", "Failed", "Stopped")
RUNNING = ("InProgress", "Stopping")
MOST_RESULTS = (
    100  # of one request: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTrainingJobs.html
)
SILENCE = 1.0  # seconds without a line after a job's end that make its log complete


@dataclass(frozen=True)
class JobKind:
    """noun: what the API's names begin with. log_group: None for jobs that write no log themselves.

    name: of a prefix's job with this UTC time. is_ours: whether a prefix's project made the job of a name.
    """

    noun: str
    words: str
    log_group: str | None
    name: Callable[[str, str], str]
    is_ours: Callable[[str, str], bool]

    def find(self, aws: Aws, name: str) -> dict[str, Any] | None:
        """The job's description; None when there is no such job."""
        try:
            return aws.make(Call("sagemaker", f"Describe{self.noun}", {f"{self.noun}Name": name}))
        except ClientError as error:
            if error_code(error) in ("ValidationException", "ResourceNotFound"):
                return None
            raise

    def describe(self, aws: Aws, name: str) -> dict[str, Any]:
        """Raises Failure when there is no such job."""
        found = self.find(aws, name)
        if found is None:
            raise Failure(f"There is no {self.words} {name} in {aws.region}. `{make('status')}` lists what is there.")
        return found

    def newest_first(self, aws: Aws, **wanted: Any) -> Iterator[dict[str, Any]]:
        """The summaries of the project's jobs. wanted: more of the list's parameters, such as StatusEquals."""
        for page in aws.client("sagemaker").get_paginator(self._list).paginate(**self._newest(aws), **wanted):
            yield from self._ours(aws, page)

    def newest(self, aws: Aws) -> tuple[list[dict[str, Any]], bool]:
        """The summaries of the newest jobs, as many as one request gives, and whether these are all."""
        page = getattr(aws.client("sagemaker"), self._list)(**self._newest(aws))
        return self._ours(aws, page), "NextToken" not in page

    @property
    def _list(self) -> str:
        return xform_name(f"List{self.noun}s")

    def _newest(self, aws: Aws) -> dict[str, Any]:
        return {
            "NameContains": self.name(aws.settings.prefix, ""),
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
            "MaxResults": MOST_RESULTS,
        }

    def _ours(self, aws: Aws, page: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            one for one in page[f"{self.noun}Summaries"] if self.is_ours(aws.settings.prefix, one[f"{self.noun}Name"])
        ]

    def stop_call(self, name: str) -> Call:
        return Call("sagemaker", f"Stop{self.noun}", {f"{self.noun}Name": name})

    def log(self, aws: Aws, name: str, optional: bool = False) -> LogTail:
        if self.log_group is None:
            raise ValueError(f"A {self.noun} writes no log of its own.")
        return LogTail(aws.client("logs"), self.log_group, f"{name}/", optional=optional)


TRAINING = JobKind("TrainingJob", "training job", TRAINING_GROUP, names.training_job, names.is_training_job)
TUNING = JobKind("HyperParameterTuningJob", "tuning job", None, names.tuning_job, names.is_tuning_job)
FEATURES = JobKind("TrainingJob", "features job", TRAINING_GROUP, names.features_job, names.is_features_job)
TRANSFORM = JobKind("TransformJob", "transform job", TRANSFORM_GROUP, names.transform_job, names.is_transform_job)
KINDS = (TRAINING, TUNING, FEATURES, TRANSFORM)
# Training jobs that the service makes and names by their tuning job, which may have hundreds: looked for by name only.
TRIAL = JobKind("TrainingJob", "trial", TRAINING_GROUP, names.tuning_job, names.is_trial)


def kind_of(prefix: str, name: str) -> JobKind | None:
    """The kind of the prefix's job of this name; None when it is no such name."""
    return next((kind for kind in (*KINDS, TRIAL) if kind.is_ours(prefix, name)), None)


def watch(
    aws: Aws, kind: JobKind, name: str, show_log: bool = True, show: Callable[[list[LogLine]], None] = print_lines
) -> dict[str, Any]:
    """Show the job's log, and the changes of its state on stderr, until it has ended; return its description.

    Raises Failure when asking becomes impossible, as with credentials that have expired; the job goes on all the same.

    Args:
        name: of the job.
        show_log: whether its log is read.
        show: takes the new lines of the log; by default they are printed on stdout.
    """
    log, told = kind.log(aws, name, optional=True) if show_log else None, None

    def look() -> tuple[dict[str, Any], list[LogLine]]:
        return kind.describe(aws, name), log.new_lines() if log else []

    try:
        with Wait(f"the {kind.words} {name}", is_told=True) as wait:
            for passed, (description, lines) in answers(look):
                show(lines)
                state = _state(description, kind)
                if state != told:
                    told = state
                    wait.says(f"{name}: {state}")
                    print(f"[{minutes(passed)}] {state}", file=sys.stderr, flush=True)
                if description[f"{kind.noun}Status"] in ENDED:
                    break
    except (ClientError, BotoCoreError) as error:
        raise Failure(f"{explain(error)} {name} goes on all the same: {how_to_follow(name)}") from error
    if log:
        _show_the_rest(log, name, show)
    return description


def _show_the_rest(log: LogTail, name: str, show: Callable[[list[LogLine]], None]) -> None:
    """The last lines of a job that has ended: CloudWatch gets them a little later than the end is told."""
    try:
        with Wait(f"the last lines of {name}'s log"):
            for passed, lines in answers(log.new_lines):
                show(lines)
                if (passed >= SILENCE and not lines) or passed > 15:
                    break
    except (ClientError, BotoCoreError) as error:
        print(f"warning: the log's last lines are in {make('logs')} ARGS={name}. {explain(error)}", file=sys.stderr)


def how_to_follow(name: str) -> str:
    """The next steps of someone who no longer watches a job."""
    return f'watch it with {make("logs")} ARGS="{name} --follow", or stop it with {make("stop")} ARGS={name}'


def failure_of(description: dict[str, Any], kind: JobKind) -> str | None:
    """How the job ended, and why; None when it is Completed."""
    name, status = description[f"{kind.noun}Name"], description[f"{kind.noun}Status"]
    if status == "Completed":
        return None
    why = description.get("FailureReason") or description.get("SecondaryStatus", status)  # such as MaxRuntimeExceeded
    if step := capacity_step(why, "transform.instance-type" if kind.noun == "TransformJob" else "train.instance-types"):
        why = f"{why.rstrip('.')}. {step}"
    return f"The {kind.words} {name} is {status}{f': {why}' if why != status else '.'}"


def _state(description: dict[str, Any], kind: JobKind) -> str:
    status = description.get("SecondaryStatus") or description[f"{kind.noun}Status"]
    steps = description.get("SecondaryStatusTransitions")
    message = steps[-1].get("StatusMessage") if steps else None
    return f"{status}: {message}" if message else status
