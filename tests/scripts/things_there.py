"""What a prefix has in an account, as the stand-in tells it: an endpoint, models, configs and jobs, also of others."""

from tests.scripts.sagemaker_stand_in import Refusal

OURS, OTHERS = "dogbreed-20261122-185200-123", "dogbreed-house-20261122-185200-123"
GONE = Refusal("ValidationException", "Could not find endpoint.")


class Account:
    """What is there, by kind; the stand-in's answers follow from it."""

    def __init__(self, sagemaker):
        self.endpoint = "InService"
        self.pools = set()  # training jobs whose instances wait in a warm pool
        self.keeps_alive = False
        self.versions = {"Models": [OURS, OTHERS, "somebody"], "EndpointConfigs": [OURS, OTHERS]}
        self.jobs = {
            "TrainingJob": {
                "dogbreed-train-x": "InProgress",
                "dogbreed-train-y": "Completed",
                "dog-train-z": "InProgress",
            },
            "TransformJob": {"dogbreed-transform-20261122-185200-123": "Stopping"},
        }
        sagemaker.answers |= {
            "DescribeEndpoint": self.describe_endpoint,
            "DeleteEndpoint": lambda request: self.set_endpoint(None),
            "ListModels": lambda request: self.list_versions("Models", "Model"),
            "ListEndpointConfigs": lambda request: self.list_versions("EndpointConfigs", "EndpointConfig"),
        }
        sagemaker.answers["UpdateTrainingJob"] = self.end_pool
        for noun in self.jobs:
            sagemaker.answers[f"List{noun}s"] = lambda request, noun=noun: self.list_jobs(noun, request)
            sagemaker.answers[f"Describe{noun}"] = lambda request, noun=noun: self.describe_job(noun, request)
            sagemaker.answers[f"Stop{noun}"] = lambda request, noun=noun: self.stop_job(noun, request)

    def describe_endpoint(self, request):
        if self.endpoint is None:
            raise GONE
        return {
            "EndpointName": request["EndpointName"],
            "EndpointStatus": self.endpoint,
            "EndpointConfigName": OURS,
            "CreationTime": 1,
            "ProductionVariants": [{"VariantName": "AllTraffic", "CurrentInstanceCount": 2}],
        }

    def set_endpoint(self, status):
        self.endpoint = status
        return {}

    def list_versions(self, field, noun):
        return {
            field: [{f"{noun}Name": name, f"{noun}Arn": "a" * 20, "CreationTime": 1} for name in self.versions[field]]
        }

    def list_jobs(self, noun, request):
        return {
            f"{noun}Summaries": [
                {
                    f"{noun}Name": name,
                    f"{noun}Arn": "a",
                    "CreationTime": 1,
                    f"{noun}Status": state,
                    **({"WarmPoolStatus": {"Status": "Available"}} if name in self.pools else {}),
                }
                for name, state in self.jobs[noun].items()
                if request.get("StatusEquals") in (None, state)
                and ("WarmPoolStatusEquals" not in request or name in self.pools)
            ]
        }

    def end_pool(self, request):
        assert request["ResourceConfig"] == {"KeepAlivePeriodInSeconds": 0}
        self.pools.discard(request["TrainingJobName"])
        return {"TrainingJobArn": "a"}

    def stop_job(self, noun, request):
        self.jobs[noun][request[f"{noun}Name"]] = "Stopping"
        return {}

    def describe_job(self, noun, request):
        """One that is stopping has stopped when it is looked at."""
        name = request[f"{noun}Name"]
        if self.jobs[noun][name] == "Stopping":
            self.jobs[noun][name] = "Stopped"
            if self.keeps_alive and noun == "TrainingJob":
                self.pools.add(name)
        return {f"{noun}Name": name, f"{noun}Status": self.jobs[noun][name]}


def put_alarm(aws, name: str) -> None:
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="n",
        MetricName="m",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
    )
