"""A deployment's world, made ready on the stand-in."""

import pytest

from tests.scripts.deploy.endpoint import NOTHING, states


@pytest.fixture
def ready(sagemaker, aws, bucket, pushed_images):
    """Two jobs are Completed, no endpoint is there, and one that is created comes into service."""
    for job in ("dogbreed-train-a", "dogbreed-train-b"):
        aws.client("s3").put_object(Bucket=bucket, Key=f"dogbreed/jobs/{job}/output/model.tar.gz", Body=b"x")
    sagemaker.answers["ListTrainingJobs"] = {
        "TrainingJobSummaries": [
            {
                "TrainingJobName": name,
                "TrainingJobArn": "arn:" + "x" * 20,
                "CreationTime": 2 - n,
                "TrainingJobStatus": "Completed",
            }
            for n, name in enumerate(["dogbreeder-train-c", "dogbreed-train-b", "dogbreed-train-a"])
        ]
    }
    sagemaker.answers["DescribeTrainingJob"] = lambda request: {
        "TrainingJobName": request["TrainingJobName"],
        "TrainingJobStatus": "Completed",
        "ModelArtifacts": {
            "S3ModelArtifacts": f"s3://some-bucket/dogbreed/jobs/{request['TrainingJobName']}/output/model.tar.gz"
        },
    }
    sagemaker.answers["DescribeEndpoint"] = states(sagemaker, [NOTHING, "Creating", "InService"])
    return sagemaker
