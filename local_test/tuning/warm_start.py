"""Warm start: which earlier tuning jobs a new one may learn from, and what of them it learns from. Pure functions.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html. It counts some
changes of hyperparameters twice, by a rule that it shows by an example only: here each counts once."""

from typing import Any

from local_test.api.errors import ValidationException
from local_test.tuning.job_record import tuned_names
from local_test.tuning.training_request import OBJECTIVE

ENDED = ("Completed", "Stopped", "Failed")
MOST_CHANGES = 10  # of static hyperparameters, and from tuned to static
MOST_PARENT_TRIALS = 500  # of all parents together


def parent_names(request: dict[str, Any]) -> list[str]:
    """Raises ValidationException for a parent without a name, or named twice."""
    parents = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", [])
    names = [parent.get("HyperParameterTuningJobName") for parent in parents]
    for name in names:
        if name is None:
            raise ValidationException("WarmStartConfig: HyperParameterTuningJobName of a parent is missing.")
        if names.count(name) > 1:
            raise ValidationException(f"WarmStartConfig names the parent {name} twice.")
    return names


def check_parent(record: dict[str, Any], parent: dict[str, Any]) -> None:
    """Raise ValidationException when the new tuning job cannot start from this one. Both: records of tuning jobs."""
    name = parent["HyperParameterTuningJobName"]
    if parent["HyperParameterTuningJobStatus"] not in ENDED:
        raise ValidationException(
            f"The parent tuning job {name} is {parent['HyperParameterTuningJobStatus']}: wait for its end, or stop it."
        )
    objective = "HyperParameterTuningJobObjective"
    if record["HyperParameterTuningJobConfig"][objective] != parent["HyperParameterTuningJobConfig"][objective]:
        raise ValidationException(f"The objective metric must be the same as that of the parent tuning job {name}.")
    mine, theirs = (one["TrainingJobDefinition"] for one in (record, parent))
    kinds, their_kinds = tuned_names(record), tuned_names(parent)
    count, their_count = _number_of_hyperparameters(record), _number_of_hyperparameters(parent)
    if count != their_count:
        raise ValidationException(
            f"The parent tuning job {name} has {their_count} static and tuned hyperparameters, the new one {count}: "
            "the number must be the same."
        )
    for hyperparameter, kind in kinds.items():
        if their_kinds.get(hyperparameter, kind) != kind:
            raise ValidationException(
                f"Hyperparameter {hyperparameter} is among {kind}, and in the parent tuning job {name} among "
                f"{their_kinds[hyperparameter]}: "
                "its type must be the same."
            )
    changes = _changes(record, parent)
    if len(changes) > MOST_CHANGES:
        raise ValidationException(
            f"{len(changes)} static hyperparameters differ from the parent tuning job {name}: {', '.join(changes)}. At "
            f"most {MOST_CHANGES} may."
        )
    if record["WarmStartConfig"]["WarmStartType"] == "IdenticalDataAndAlgorithm":
        _check_identical(mine, theirs, name)


def check_parent_trials(count: int) -> None:
    """Raise ValidationException when all parents together have had too many training jobs."""
    if count > MOST_PARENT_TRIALS:
        raise ValidationException(
            f"The parent tuning jobs have launched {count} training jobs: at most {MOST_PARENT_TRIALS} are allowed in "
            "all of them together. Name fewer parents."
        )


def _changes(record: dict[str, Any], parent: dict[str, Any]) -> list[str]:
    """Static hyperparameters of the new tuning job that its parent tuned, or had another value of."""
    mine, theirs = (one["TrainingJobDefinition"]["StaticHyperParameters"] for one in (record, parent))
    return sorted(name for name in mine.keys() - {OBJECTIVE} if mine[name] != theirs.get(name))


def _check_identical(mine: dict[str, Any], theirs: dict[str, Any], name: str) -> None:
    for what, of in (("training image", _image), ("input data", _data)):
        if of(mine) != of(theirs):
            raise ValidationException(
                f"IdenticalDataAndAlgorithm: the {what} must be the same as in the parent tuning job {name}. Use "
                "TransferLearning otherwise."
            )


def learned(record: dict[str, Any], parent: dict[str, Any], trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records of the parent's ended trials, with a value for each hyperparameter that the new tuning job tunes.

    Where the parent had a static value, its trials had that one. A parent's own parents have no part in it.
    """
    static, names = parent["TrainingJobDefinition"]["StaticHyperParameters"], tuned_names(record)
    return [
        {
            **trial,
            "TuningJobName": parent["HyperParameterTuningJobName"],
            "TunedHyperParameters": {
                name: value for name, value in {**static, **trial["TunedHyperParameters"]}.items() if name in names
            },
        }
        for trial in trials
        if trial["TrainingJobStatus"] in ENDED
    ]


def _number_of_hyperparameters(record: dict[str, Any]) -> int:
    return len(tuned_names(record)) + len(record["TrainingJobDefinition"]["StaticHyperParameters"].keys() - {OBJECTIVE})


def _image(definition: dict[str, Any]) -> str:
    return definition["AlgorithmSpecification"]["TrainingImage"]


def _data(definition: dict[str, Any]) -> dict[str, Any]:
    """The data of each channel: modes of reading may change."""
    return {channel["ChannelName"]: channel["DataSource"] for channel in definition.get("InputDataConfig", [])}
