"""Requests that nobody signs, and one that would start a container."""

import http.client

import pytest


@pytest.fixture
def ask(local):
    """ask(method, target, body, headers) -> (status, body) of a request that nobody signs."""

    def ask(method: str, target: str, body: bytes = b"", headers: dict | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", local.address.port, timeout=30)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    return ask


@pytest.fixture
def job_request(local, train_image):
    """job_request(name): a CreateTrainingJob request that would succeed."""

    def request(name: str) -> dict:
        return {
            "TrainingJobName": name,
            "RoleArn": local.address.role,
            "AlgorithmSpecification": {
                "TrainingImage": train_image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["sh", "-c", "true"],
            },
            "OutputDataConfig": {"S3OutputPath": local.uri("jobs")},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        }

    return request
