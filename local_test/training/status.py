"""Statuses of a training job as AWS reports them: what a step changes in the job's record. Pure functions.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_SecondaryStatusTransition.html,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html (the times)
"""

from typing import Any

from contract.opt_ml import FAILURE_REASON_CHARACTERS

MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Interrupted": "The spot instances were interrupted",
    "Restarting": "Restarting the training job",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Resource limit exceeded: the job ran longer than MaxRuntimeInSeconds",
    "MaxWaitTimeExceeded": "Resource limit exceeded: the job waited and ran longer than MaxWaitTimeInSeconds",
}
# Secondary statuses that end a job, and the status that each belongs to.
ENDS = {
    "Completed": "Completed",
    "Failed": "Failed",
    "Stopped": "Stopped",
    "MaxRuntimeExceeded": "Stopped",
    "MaxWaitTimeExceeded": "Stopped",
}


def enter(record: dict[str, Any], secondary: str, now: float) -> dict[str, Any]:
    """Changes to the record of a job that enters a secondary status. now: seconds since 1970."""
    transitions = [dict(transition) for transition in record.get("SecondaryStatusTransitions", [])]
    if transitions and "EndTime" not in transitions[-1]:
        transitions[-1]["EndTime"] = now
    transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": MESSAGES[secondary]})
    changes = {"SecondaryStatus": secondary, "SecondaryStatusTransitions": transitions, "LastModifiedTime": now}
    if secondary in ENDS:
        transitions[-1]["EndTime"] = now
        changes |= {"TrainingJobStatus": ENDS[secondary], "TrainingEndTime": now}
    elif secondary == "Stopping":
        changes["TrainingJobStatus"] = "Stopping"
    if secondary == "Training" and "TrainingStartTime" not in record:
        changes["TrainingStartTime"] = now
    return changes


def time_used(record: dict[str, Any]) -> dict[str, Any]:
    """TrainingTimeInSeconds and BillableTimeInSeconds of a job that has ended: whole seconds.

    The second is one instance's, too: whoever wants what is billed multiplies it by their number.
    """
    if "TrainingStartTime" not in record:
        return {}
    seconds = max(1, round(record["TrainingEndTime"] - record["TrainingStartTime"]))
    return {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}


def failure_reason(exit_code: int, failure_file: str | None, out_of_memory: bool = False) -> str:
    """FailureReason of a container that ended with this status: the first 1024 characters of its failure file, if
    any.
    """
    text = failure_file or (
        "The container was killed: this machine, or the engine, ran out of memory." if out_of_memory else ""
    )
    return f"AlgorithmError: {text}, exit code: {exit_code}"[:FAILURE_REASON_CHARACTERS]
