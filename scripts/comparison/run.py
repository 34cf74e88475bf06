"""A training as one value: what its job was given, and what came of it, from whatever it left."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contract.hyperparameter_texts import all_values
from contract.hyperparameters import TUNING_OBJECTIVE, parse
from contract.value_kinds import unquoted
from scripts.aws.jobs import RUNNING
from scripts.comparison.figures import Figure, figures_of
from scripts.comparison.series import Series, series_of_log, series_of_record
from scripts.config import names
from scripts.requests.instances import instance_count, instance_types

PROGRAM = "sagemaker_program"  # names a script of the user's own, which runs in the place of ours
_PLATFORM = ("sagemaker_", TUNING_OBJECTIVE)  # what the SDK, the toolkit and the service add to hyperparameters


@dataclass(frozen=True)
class Run:
    """A training job.

    reason: why it is not Completed; empty where that is not told. facts: about the job, text by name.
    hyperparameters: text by name. given: which of them its request has; the others have their defaults.
    figures: by the keys of figures.KINDS, and by name of the metrics that are not ours. notes: sentences about what is
    not known of it. tracking: files for TensorBoard and MLflow, by their names in output.tar.gz.
    """

    name: str
    status: str
    reason: str
    made: datetime
    facts: dict[str, str]
    hyperparameters: dict[str, str]
    given: frozenset[str]
    figures: dict[str, Figure]
    series: dict[str, Series]
    notes: tuple[str, ...] = ()
    tracking: dict[str, bytes] = field(default_factory=dict)


def run_of(
    description: dict[str, Any],
    prefix: str,
    *,
    record: Any = None,
    evaluation: Any = None,
    log: list[str] | None = None,
    tracking: dict[str, bytes] | None = None,
    notes: tuple[str, ...] = (),
) -> Run:
    """A run from what is known of it.

    Args:
        description: DescribeTrainingJob's answer.
        prefix: of the project, by which its own image is known.
        record, evaluation: report.json and evaluation.json out of its output, None where they are not there.
        log: its lines; wanted where the record tells of no epoch.
        tracking: see Run.
        notes: what could not be read, in sentences.
    """
    series = series_of_record(record)
    if not series and log is not None:
        series = series_of_log(log, description["AlgorithmSpecification"].get("MetricDefinitions", []))
    figures = figures_of(description, series, record, evaluation)
    status = description["TrainingJobStatus"]
    return Run(
        name=description["TrainingJobName"],
        status=status,
        reason=_reason(description),
        made=description["CreationTime"],
        facts=_facts(description),
        hyperparameters=hyperparameters_of(description, prefix, record),
        given=frozenset(given_hyperparameters(description)),
        figures=figures,
        series=series,
        notes=(*([_unfinished(status)] if status in RUNNING else []), *notes, *_missing(status, series, figures)),
        tracking=tracking or {},
    )


def hyperparameters_of(description: dict[str, Any], prefix: str, record: Any = None) -> dict[str, str]:
    """Those that the job was given, without the platform's own; of our program all, also those that have their
    defaults.
    """
    every, given = description.get("HyperParameters", {}), given_hyperparameters(description)
    recorded = record.get("hyperparameters") if isinstance(record, dict) else None
    if isinstance(recorded, dict):
        return {**{str(name): str(value) for name, value in recorded.items()}, **given}
    if not is_our_program(description, prefix):
        return given
    trial = {TUNING_OBJECTIVE: every[TUNING_OBJECTIVE]} if TUNING_OBJECTIVE in every else {}
    try:
        return all_values(parse({**given, **trial}), given)
    except ValueError:  # the program refused them, too
        return given


def given_hyperparameters(description: dict[str, Any]) -> dict[str, str]:
    """Those of the request, without what the SDK, the toolkit and the service add."""
    return {
        name: unquoted(value)
        for name, value in description.get("HyperParameters", {}).items()
        if name == PROGRAM or not name.startswith(_PLATFORM)
    }


def is_our_program(description: dict[str, Any], prefix: str) -> bool:
    """Whether the job runs the training program of our own image, as far as its request tells."""
    algorithm = description["AlgorithmSpecification"]
    image = algorithm.get("TrainingImage", "").rpartition("/")[2].partition("@")[0].partition(":")[0]
    own_command = algorithm.get("ContainerEntrypoint") or PROGRAM in description.get("HyperParameters", {})
    return bool(image == names.repository(prefix, "train") and not own_command)


def _facts(description: dict[str, Any]) -> dict[str, str]:
    machine = description["ResourceConfig"]
    types = instance_types(machine) or ("not yet selected",)
    count = instance_count(machine)
    image = description["AlgorithmSpecification"].get("TrainingImage", "")
    return {
        "instance": f"{f'{count} × ' if count > 1 else ''}{', '.join(types)}"
        f"{', spot' if description.get('EnableManagedSpotTraining') else ''}",
        "image": image.rpartition("/")[2],
    }


def _reason(description: dict[str, Any]) -> str:
    if description["TrainingJobStatus"] in ("Completed", *RUNNING):
        return ""
    secondary = description.get("SecondaryStatus", "")  # such as MaxRuntimeExceeded
    return description.get("FailureReason") or (secondary if secondary != description["TrainingJobStatus"] else "")


def _unfinished(status: str) -> str:
    return f"It is {status}: these are its figures so far."


def _missing(status: str, series: dict[str, Series], figures: dict[str, Figure]) -> list[str]:
    if series or status in RUNNING:
        return []
    if any(name not in ("training_time", "billed", "spot_saving") for name in figures):
        return ["Its log has no metric lines, so it has no curve: these are its last values."]
    return ["It left no figures: neither its log nor its output has any."]
