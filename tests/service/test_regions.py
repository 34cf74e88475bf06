"""A client of any region gets that region's jobs, endpoints, logs, metrics and repositories; S3 is everybody's."""

import io
import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_test.background import stop
from local_test.clean import remove_all, remove_pushed_images
from local_test.host.identity import read_identity
from local_test.service_address import control
from tests.local_service import Local, until
from tests.service.program_image import archive, program_image

OWN, OTHER = "us-east-1", "eu-west-1"
GROUP = "/aws/sagemaker/TrainingJobs"
ONCE = Config(retries={"total_max_attempts": 1})


def client(local: Local, region: str, service: str):
    return boto3.client(
        service,
        endpoint_url=local.address.url,
        region_name=region,
        aws_access_key_id=local.key.id,
        aws_secret_access_key=local.key.secret,
        config=ONCE,
    )


@pytest.fixture
def restarted(tmp_path, engine):
    """restarted() -> the service of one folder, ended and started again from the second call on."""
    folder = tmp_path / "state"

    def start() -> Local:
        stop(folder)
        return Local(folder)

    yield start
    stop(folder)
    name = read_identity(folder).name
    assert remove_all(engine, name) == []
    remove_pushed_images(engine, name)


@pytest.fixture
def start_job(train_image):
    """start_job(local, region, name, shell script, **further fields of the request)"""

    def start(local: Local, region: str, name: str, script: str, **changes) -> None:
        request = dict(
            TrainingJobName=name,
            RoleArn=local.address.role,
            AlgorithmSpecification={
                "TrainingImage": train_image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["sh", "-c", script],
            },
            OutputDataConfig={"S3OutputPath": local.uri(f"regions/{region}")},
            StoppingCondition={"MaxRuntimeInSeconds": 600},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            Tags=[{"Key": "region", "Value": region}],
        )
        client(local, region, "sagemaker").create_training_job(**{**request, **changes})

    return start


def ended(local: Local, region: str, name: str) -> dict:
    describe = client(local, region, "sagemaker").describe_training_job
    return until(lambda: (job := describe(TrainingJobName=name))["TrainingJobStatus"] != "InProgress" and job)


def printed(local: Local, region: str, name: str) -> list[str]:
    logs = client(local, region, "logs")
    return [
        event["message"] for event in logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix=name)["events"]
    ]


def names_of_jobs(local: Local, region: str) -> list[str]:
    listed = client(local, region, "sagemaker").list_training_jobs()["TrainingJobSummaries"]
    return [job["TrainingJobName"] for job in listed]


def test_jobs_of_one_name_in_two_regions_are_two_jobs_also_after_a_restart(restarted, start_job):
    local = restarted()
    script = "echo $AWS_REGION $AWS_DEFAULT_REGION; echo $AWS_REGION >/opt/ml/model/region"
    for region in (OWN, OTHER):
        start_job(local, region, "alike", script)
    start_job(local, OTHER, "theirs", "true")
    jobs = {region: ended(local, region, "alike") for region in (OWN, OTHER)}
    ended(local, OTHER, "theirs")
    for _ in range(2):
        for region, job in jobs.items():
            api = client(local, region, "sagemaker")
            assert job["TrainingJobStatus"] == "Completed", job
            assert job["TrainingJobArn"] == f"arn:aws:sagemaker:{region}:123456789012:training-job/alike"
            assert printed(local, region, "alike/") == [f"{region} {region}"]
            assert api.describe_training_job(TrainingJobName="alike")["CreationTime"] == job["CreationTime"]
            assert api.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == [{"Key": "region", "Value": region}]
        assert names_of_jobs(local, OWN) == ["alike"] and sorted(names_of_jobs(local, OTHER)) == ["alike", "theirs"]
        group = client(local, OTHER, "logs").describe_log_groups()["logGroups"][0]
        assert group["arn"].startswith(f"arn:aws:logs:{OTHER}:123456789012:log-group:{GROUP}")
        local = restarted()


def test_a_spot_job_of_another_region_is_interrupted_by_its_name(local, start_job):
    again = "[ -e /opt/ml/checkpoints/begun ] && exit 0"
    start_job(
        local,
        OTHER,
        "spot",
        f"{again}; touch /opt/ml/checkpoints/begun; trap 'exit 1' TERM; while :; do sleep 0.1 & wait $!; done",
        EnableManagedSpotTraining=True,
        CheckpointConfig={"S3Uri": local.uri("regions/checkpoints")},
        StoppingCondition={"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600},
    )
    until(lambda: local.keys("regions/checkpoints/"))
    control(local.folder, local.address, "interrupt?job=spot", "POST")
    job = ended(local, OTHER, "spot")
    assert job["TrainingJobStatus"] == "Completed", job
    assert "Interrupted" in [one["Status"] for one in job["SecondaryStatusTransitions"]]


def test_an_endpoint_answers_in_its_region_alone(local, engine, serve_image):
    own, other = (client(local, region, "sagemaker") for region in (OWN, OTHER))
    with program_image(engine, serve_image, Path(__file__).parent / "serving/serve.py") as image:
        other.create_model(ModelName="there", PrimaryContainer={"Image": image}, ExecutionRoleArn=local.address.role)
        variant = {"VariantName": "v", "ModelName": "there", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
        other.create_endpoint_config(EndpointConfigName="there", ProductionVariants=[variant])
        other.create_endpoint(EndpointName="there", EndpointConfigName="there")
        try:
            found = until(
                lambda: (one := other.describe_endpoint(EndpointName="there"))["EndpointStatus"] != "Creating" and one
            )
            assert found["EndpointStatus"] == "InService", found
            assert found["EndpointArn"] == f"arn:aws:sagemaker:{OTHER}:123456789012:endpoint/there"
            ask = {"EndpointName": "there", "Body": json.dumps({"do": "who"}), "ContentType": "application/json"}
            assert client(local, OTHER, "sagemaker-runtime").invoke_endpoint(**ask)["Body"].read()
            with pytest.raises(ClientError, match="there"):
                client(local, OWN, "sagemaker-runtime").invoke_endpoint(**ask)
            assert f"there ({OTHER})" in control(local.folder, local.address, "status")["endpoints"]
            assert "there" not in [one["EndpointName"] for one in own.list_endpoints()["Endpoints"]]
            assert "there" not in [one["ModelName"] for one in own.list_models()["Models"]]
            until(lambda: invocations(local, OTHER) == 1)
            assert invocations(local, OWN) == 0
        finally:
            other.delete_endpoint(EndpointName="there")
            until(lambda: other.list_endpoints()["Endpoints"] == [])


def invocations(local: Local, region: str) -> float:
    now = datetime.now(UTC)
    points = client(local, region, "cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Dimensions=[{"Name": "EndpointName", "Value": "there"}, {"Name": "VariantName", "Value": "v"}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


def test_repositories_of_one_name_in_two_regions_hold_images_of_their_own(restarted, engine):
    local = restarted()
    hosts = {}
    for region in (OWN, OTHER):
        repository = client(local, region, "ecr").create_repository(repositoryName="alike")["repository"]
        assert repository["repositoryArn"] == f"arn:aws:ecr:{region}:123456789012:repository/alike"
        hosts[region] = repository["repositoryUri"].partition("/")[0]
    assert hosts[OWN] != hosts[OTHER]
    push_a_small_image(engine, client(local, OTHER, "ecr"), f"{hosts[OTHER]}/alike")
    for _ in range(2):
        ecr = {region: client(local, region, "ecr") for region in (OWN, OTHER)}
        assert [one["imageTags"] for one in ecr[OTHER].describe_images(repositoryName="alike")["imageDetails"]] == [
            ["pushed"]
        ]
        assert ecr[OWN].describe_images(repositoryName="alike")["imageDetails"] == []
        found = ecr[OTHER].describe_repositories()["repositories"]
        assert [one["repositoryUri"] for one in found] == [f"{hosts[OTHER]}/alike"]  # also where it was started again
        local = restarted()


def push_a_small_image(engine, ecr, repository: str) -> None:
    [data] = ecr.get_authorization_token()["authorizationData"]
    user, _, password = b64decode(data["authorizationToken"]).decode().partition(":")
    context = archive({"Dockerfile": b"FROM scratch\nCOPY file /file\n", "file": b"pushed"}, "w")
    engine.images.build(fileobj=io.BytesIO(context), custom_context=True, tag=f"{repository}:pushed", rm=True)
    try:
        said = engine.images.push(repository, "pushed", auth_config={"username": user, "password": password})
        assert "errorDetail" not in said, said
    finally:
        engine.images.remove(f"{repository}:pushed")


def test_a_bucket_is_everybodys_and_says_where_it_is(local):
    own, other = (client(local, region, "s3") for region in (OWN, OTHER))
    other.create_bucket(Bucket="there", CreateBucketConfiguration={"LocationConstraint": OTHER})
    other.put_object(Bucket="there", Key="a", Body=b"there")
    assert own.get_object(Bucket="there", Key="a")["Body"].read() == b"there"
    assert {one.get_bucket_location(Bucket="there")["LocationConstraint"] for one in (own, other)} == {OTHER}
    assert own.head_bucket(Bucket="there")["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == OTHER
    assert own.get_bucket_location(Bucket=local.address.bucket)["LocationConstraint"] is None  # us-east-1 has no name


@pytest.mark.parametrize("service, call", [("sagemaker", "list_models"), ("logs", "describe_log_groups")])
def test_a_region_that_is_none_is_refused_in_a_sentence(local, service, call):
    with pytest.raises(
        ClientError, match=r"eu-wset-1 is no region of AWS's.*its main partition\. Name one in"
    ) as caught:
        getattr(client(local, "eu-wset-1", service), call)()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
