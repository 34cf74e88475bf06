"""A tuning job on the stand-in: it runs as a test says, and what was asked for can be looked at."""

from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.tuning.jobs import START

# A command line whose trials share features.
FROZEN = ["freeze-backbone=true", "epochs=3", "--no-wait"]
DONE = (
    "Completed",
    [("Completed", 0.71, ""), ("Completed", 0.83, ""), ("Failed", None, "AlgorithmError: lr is too large.")],
)


def request(stand_in) -> dict:
    """The last tuning job that was asked for."""
    *_, last = [request for name, request in stand_in.calls if name == "CreateHyperParameterTuningJob"]
    return last


def channels(stand_in) -> dict[str, str]:
    """URI by channel, of that one's trials."""
    return {
        one["ChannelName"]: one["DataSource"]["S3DataSource"]["S3Uri"]
        for one in request(stand_in)["TrainingJobDefinition"]["InputDataConfig"]
    }


class Service:
    """Answers for the stand-in: a tuning job that runs as `steps` say, one step for each time that it is described.

    steps: the job's status, and for each trial its status, its objective and its reason. The last step stays.
    """

    def __init__(self, sagemaker, steps: list, failure: str = ""):
        self._steps, self._failure, self._request, self._now = list(steps), failure, None, None
        sagemaker.answers |= {
            "CreateHyperParameterTuningJob": self._create,
            "DescribeHyperParameterTuningJob": self._describe,
            "ListTrainingJobsForHyperParameterTuningJob": self._list,
            "DescribeTrainingJob": lambda request: {
                "TrainingJobName": request["TrainingJobName"],
                "TrainingJobStatus": "Completed",
                "ModelArtifacts": {
                    "S3ModelArtifacts": f"s3://some-bucket/dogbreed/jobs/{request['TrainingJobName']}/output/model.tar.gz"
                },
            },
        }

    def has(self, request: dict) -> None:
        """The tuning job is there already, made by this request."""
        self._request = request

    def _create(self, request: dict) -> dict:
        self._request = request
        return {"HyperParameterTuningJobArn": "arn"}

    def _describe(self, request: dict) -> dict:
        if (
            self._request is None
            or self._request["HyperParameterTuningJobName"] != request["HyperParameterTuningJobName"]
        ):
            raise Refusal("ResourceNotFound", "No such tuning job.")
        self._now = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        job, config = self._now[0], self._request["HyperParameterTuningJobConfig"]
        down = config["HyperParameterTuningJobObjective"]["Type"] == "Minimize"
        with_value = [one for one in self._summaries() if "FinalHyperParameterTuningJobObjectiveMetric" in one]
        with_value.sort(key=lambda one: one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"], reverse=not down)
        return {
            **{
                field: self._request[field]
                for field in ("HyperParameterTuningJobName", "HyperParameterTuningJobConfig", "TrainingJobDefinition")
            },
            "HyperParameterTuningJobStatus": job,
            "CreationTime": START.timestamp(),
            **(
                {"HyperParameterTuningEndTime": START.timestamp() + 750}
                if job not in ("InProgress", "Stopping")
                else {}
            ),
            **({"BestTrainingJob": with_value[0]} if with_value else {}),
            **({"FailureReason": self._failure} if self._failure else {}),
        }

    def _list(self, request: dict) -> dict:
        return {"TrainingJobSummaries": self._summaries()}

    def _summaries(self) -> list[dict]:
        ranges = self._request["HyperParameterTuningJobConfig"]["ParameterRanges"]
        objective = self._request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
        found = []
        for number, (status, value, reason) in enumerate(self._now[1], 1):
            tuned = {one["Name"]: f"0.00{number}" for one in ranges.get("ContinuousParameterRanges", [])}
            tuned |= {
                one["Name"]: one["Values"][number % len(one["Values"])]
                for one in ranges.get("CategoricalParameterRanges", [])
            }
            summary = {
                "TrainingJobName": f"{self._request['HyperParameterTuningJobName']}-{number:03}-{number:08x}",
                "TrainingJobArn": "arn",
                "CreationTime": START.timestamp() + number,
                "TrainingStartTime": START.timestamp() + number,
                "TrainingJobStatus": status,
                "TunedHyperParameters": tuned,
            }
            if status not in ("InProgress", "Stopping"):
                summary["TrainingEndTime"] = START.timestamp() + number + 75
            if value is not None:
                summary["FinalHyperParameterTuningJobObjectiveMetric"] = {**objective, "Value": value}
            if reason:
                summary["FailureReason"] = reason
            found.append(summary)
        return found
