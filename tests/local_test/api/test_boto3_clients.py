"""What is not here, asked for by boto3 as it comes: an error in the service's own protocol, read by botocore."""

from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_test.api.access import Access
from local_test.api.callers import own_hosts
from local_test.api.front import Front
from local_test.api.http_server import HttpServer
from local_test.api.moto_services import MotoServices
from local_test.api.other_services import OtherServices
from local_test.api.sagemaker_api import SageMakerApi
from tests.local_test.api.signing import KEY, find


class NothingKept:
    """In place of the storage: nothing of it is needed for what is refused."""

    def flush(self):
        pass

    def record(self, *request):
        pass


def no_part(environ, start_response):
    raise AssertionError("This request is for another part.")


@pytest.fixture(scope="module")
def url():
    """Of the front, with moto's services behind it and no part of SageMaker."""
    nothing, access = NothingKept(), Access(find)
    others = OtherServices(MotoServices(), nothing, nothing, nothing)
    regions = {"us-east-1": SimpleNamespace(api=SageMakerApi(), runtime=no_part)}
    server = HttpServer(Front(access, regions, no_part, others, KEY.id), access.examine, 0)
    access.hosts = own_hosts(server.port)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture
def client(url):
    """client("iam"): as a user's program has it, with the retries that botocore has by default."""

    def made(service):
        return boto3.session.Session().client(
            service,
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=KEY.id,
            aws_secret_access_key=KEY.secret,
            config=Config(parameter_validation=False, inject_host_prefix=False),
        )

    return made


def least(shape):
    """A value of a botocore shape with what it cannot be without."""
    if shape.type_name == "structure":
        return {name: least(member) for name, member in shape.members.items() if name in shape.required_members}
    values = {"list": [], "map": {}, "blob": b"", "boolean": True, "integer": 1, "long": 1, "float": 1.0, "double": 1.0}
    return values.get(shape.type_name, 0 if shape.type_name == "timestamp" else "aaa")


def refusal(client, operation: str) -> dict:
    """The response of the error that the client raises."""
    given = client.meta.service_model.operation_model(operation).input_shape
    with pytest.raises(ClientError) as refused:
        client._make_api_call(operation, least(given) if given else {})
    return refused.value.response


@pytest.mark.parametrize(
    "service, operation, code",
    [
        ("iam", "SimulateCustomPolicy", "InvalidAction"),  # query
        ("sts", "GetSessionToken", "InvalidAction"),
        ("sns", "Publish", "InvalidAction"),
        ("rds", "DescribeDBInstances", "InvalidAction"),
        ("ec2", "DescribeInstances", "InvalidAction"),  # EC2
        ("dynamodb", "ListTables", "UnknownOperationException"),  # JSON 1.0
        ("stepfunctions", "ListStateMachines", "UnknownOperationException"),
        ("application-autoscaling", "DescribeScalingActivities", "UnknownOperationException"),  # JSON 1.1
        ("application-autoscaling", "ListTagsForResource", "UnknownOperationException"),
        ("pricing", "GetProducts", "UnknownOperationException"),
        ("ecr", "UploadLayerPart", "UnknownOperationException"),
        ("cloudwatch", "GetMetricWidgetImage", "UnknownOperationException"),  # CBOR
        ("cloudwatch", "PutInsightRule", "UnknownOperationException"),
        ("lambda", "Invoke", "UnknownOperationException"),  # REST-JSON
        ("scheduler", "CreateScheduleGroup", "UnknownOperationException"),
        ("bedrock-runtime", "InvokeModel", "UnknownOperationException"),
        ("sagemaker-featurestore-runtime", "GetRecord", "UnknownOperationException"),
        ("sagemaker-featurestore-runtime", "PutRecord", "UnknownOperationException"),
        ("sagemaker-metrics", "BatchPutMetrics", "UnknownOperationException"),
        ("sagemaker-a2i-runtime", "ListHumanLoops", "UnknownOperationException"),
        ("s3", "PutBucketReplication", "NotImplemented"),  # REST-XML
        ("s3", "GetBucketNotificationConfiguration", "NotImplemented"),
        ("s3", "SelectObjectContent", "NotImplemented"),
        ("route53", "ListHostedZones", "InvalidAction"),
        ("cloudfront", "CreateDistribution", "InvalidAction"),
        ("sagemaker", "Search", "UnknownOperationException"),
        ("sagemaker", "CreateExperiment", "UnknownOperationException"),
        ("sagemaker", "CreateTrialComponent", "UnknownOperationException"),
        ("sagemaker", "CreateModelPackage", "UnknownOperationException"),
        ("sagemaker", "CreatePipeline", "UnknownOperationException"),
        ("sagemaker", "CreateFeatureGroup", "UnknownOperationException"),
        ("sagemaker", "CreateDomain", "UnknownOperationException"),
    ],
)
def test_an_operation_that_is_not_here_is_refused_once_by_name_with_the_way_out(client, service, operation, code):
    response = refusal(client(service), operation)
    error, sent = response["Error"], response["ResponseMetadata"]
    assert (error["Code"], sent["HTTPStatusCode"], sent["RetryAttempts"]) == (code, 400, 0)
    assert operation in error["Message"] and "to AWS instead" in error["Message"]


@pytest.mark.parametrize(
    "operation, part",
    [
        ("CreateTrial", "experiments"),
        ("CreateModelPackageGroup", "model registry"),
        ("StartPipelineExecution", "Pipelines"),
        ("DescribeFeatureGroup", "Feature Store"),
        ("ListUserProfiles", "Studio"),
        ("CreateNotebookInstance", "notebook instances"),
        ("CreateMonitoringSchedule", "Model Monitor"),
        ("CreateLabelingJob", "Ground Truth"),
    ],
)
def test_of_sagemaker_the_part_is_named_that_is_missing(client, operation, part):
    assert part in refusal(client("sagemaker"), operation)["Error"]["Message"]


@pytest.mark.parametrize(
    "service, operation, parameters",
    [
        ("iam", "CreateServiceLinkedRole", {"AWSServiceName": "x"}),
        ("ecr", "PutRegistryScanningConfiguration", {}),
        ("logs", "GetQueryResults", {"queryId": "unknown"}),
        ("s3", "PutBucketLifecycleConfiguration", {"Bucket": "none"}),
    ],
)
def test_what_moto_fails_at_is_not_asked_again(client, service, operation, parameters, caplog):
    with pytest.raises(ClientError) as refused:
        client(service)._make_api_call(operation, parameters)
    error, sent = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    assert (sent["HTTPStatusCode"], sent["RetryAttempts"]) == (400, 0)
    assert operation in error["Message"] and "to AWS instead" in error["Message"]
    assert error["Message"].partition("has the id ")[2].partition(".")[0] in caplog.text


def test_a_role_that_is_here_may_do_everything(client):
    iam = client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    asked = {"PolicySourceArn": role, "ActionNames": ["s3:PutObject", "ecr:GetAuthorizationToken"]}
    results = iam.simulate_principal_policy(**asked)["EvaluationResults"]
    assert [(one["EvalActionName"], one["EvalResourceName"], one["EvalDecision"]) for one in results] == [
        (action, "*", "allowed") for action in asked["ActionNames"]
    ]
    [result] = iam.simulate_principal_policy(
        PolicySourceArn=role, ActionNames=["s3:PutObject"], ResourceArns=["arn:aws:s3:::b/*"]
    )["EvaluationResults"]
    assert (result["EvalResourceName"], result["EvalDecision"]) == ("arn:aws:s3:::b/*", "allowed")


@pytest.mark.parametrize("kind", ["role", "user", "group"])
def test_a_principal_that_is_not_here_is_unknown(client, kind):
    principal = f"arn:aws:iam::123456789012:{kind}/nobody"
    iam = client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.simulate_principal_policy(PolicySourceArn=principal, ActionNames=["s3:PutObject"])
