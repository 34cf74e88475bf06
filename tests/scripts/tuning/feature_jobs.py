"""Features jobs on the stand-in."""


class FeatureJobs:
    """Training jobs of the stand-in: those that were created end as `end` says, and leave two files."""

    def __init__(self, sagemaker, s3, end: str = "Completed"):
        self.end, self.made, self._s3 = end, {}, s3
        self._trials = sagemaker.answers["DescribeTrainingJob"]
        sagemaker.answers |= {
            "CreateTrainingJob": self._create,
            "DescribeTrainingJob": self._describe,
            "ListTrainingJobs": lambda request: {
                "TrainingJobSummaries": [
                    {
                        "TrainingJobName": name,
                        "TrainingJobArn": "arn",
                        "CreationTime": 1,
                        "TrainingJobStatus": one["TrainingJobStatus"],
                    }
                    for name, one in self.made.items()
                    if one["TrainingJobStatus"] == request.get("StatusEquals")
                ]
            },
        }

    def _create(self, request: dict) -> dict:
        self.made[request["TrainingJobName"]] = {**request, "TrainingJobStatus": "InProgress"}
        return {"TrainingJobArn": "arn"}

    def _describe(self, request: dict) -> dict:
        if request["TrainingJobName"] not in self.made:
            return self._trials(request)
        job = self.made[request["TrainingJobName"]]
        answer = {field: job[field] for field in ("TrainingJobName", "TrainingJobStatus", "OutputDataConfig")}
        if job["TrainingJobStatus"] == "InProgress":
            job["TrainingJobStatus"] = self.end
            above = job["OutputDataConfig"]["S3OutputPath"].removeprefix("s3://some-bucket/")
            for name, content in {"train.npy": b"12345", "bank.json": b'{"sizes": {"train.npy": 5}}'}.items():
                self._s3.put_object(
                    Bucket="some-bucket", Key=f"{above}/{job['TrainingJobName']}/output/model/{name}", Body=content
                )
        return answer | (
            {"FailureReason": "AlgorithmError: no weights."} if answer["TrainingJobStatus"] == "Failed" else {}
        )
