"""Training jobs for these tests, as DescribeTrainingJob tells of them."""


def job(name: str, status: str, secondary: str | None = None, **more) -> dict:
    return {
        "TrainingJobName": name,
        "TrainingJobStatus": status,
        "SecondaryStatus": secondary or status,
        "ModelArtifacts": {"S3ModelArtifacts": f"s3://some-bucket/dogbreed/jobs/{name}/output/model.tar.gz"},
        **more,
    }
