"""What the program of an endpoint reaches from its container: the AWS services that are here, as the model's role,
while the endpoint lives.
"""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.service.program_image import archive
from tests.service.serving.harness import unique

FUNCTIONS = b"""
import json, os, boto3

def model_fn(folder):
    return boto3.client("s3")

def input_fn(body, content_type):
    return json.loads(body)

def predict_fn(asked, s3):
    return {
        "read": s3.get_object(**asked)["Body"].read().decode(),
        "identity": boto3.client("sts").get_caller_identity()["Arn"],
        "key": [os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")],
    }

def output_fn(answer, accept):
    return json.dumps(answer)
"""


@pytest.fixture
def endpoint(local, serve_image):
    """endpoint(**model): the name of one in service, deleted afterwards."""
    sagemaker, made = local.client("sagemaker"), []

    def deploy(**model) -> str:
        name = unique("inside")
        data = local.put(f"{name}/model.tar.gz", archive({"code/inference.py": FUNCTIONS}, "w:gz"))
        sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": serve_image, "ModelDataUrl": data}, **model)
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InstanceType": "ml.g4dn.xlarge",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        made.append(name)
        sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        return name

    def delete(name: str) -> None:
        sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        made.remove(name)

    deploy.delete = delete
    yield deploy
    for name in list(made):
        delete(name)


def test_functions_of_an_endpoint_read_s3_as_the_models_role_until_it_is_deleted(endpoint, local):
    local.put("inside/labels.txt", b"labels")
    name = endpoint(ExecutionRoleArn=local.address.role)
    asked = json.dumps({"Bucket": local.address.bucket, "Key": "inside/labels.txt"})
    answer = json.loads(
        local.client("sagemaker-runtime")
        .invoke_endpoint(EndpointName=name, Body=asked, ContentType="application/json")["Body"]
        .read()
    )
    id, secret, token = answer.pop("key")
    assert answer == {"read": "labels", "identity": "arn:aws:sts::123456789012:assumed-role/local-sagemaker/SageMaker"}
    mine = boto3.client(
        "s3",
        endpoint_url=local.address.url,
        region_name="us-east-1",
        aws_access_key_id=id,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )
    mine.list_buckets()
    endpoint.delete(name)
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        mine.list_buckets()


@pytest.mark.parametrize(
    "model",
    [{"EnableNetworkIsolation": True, "ExecutionRoleArn": "arn:aws:iam::123456789012:role/local-sagemaker"}, {}],
)
def test_an_isolated_endpoint_and_one_without_a_role_have_nothing_of_it(endpoint, engine, local, model):
    name = endpoint(**model)
    [container] = engine.containers.list(
        filters={"label": [f"local-sagemaker.name={name}", "local-sagemaker=endpoint"]}
    )
    assert not [one for one in container.attrs["Config"]["Env"] if one.startswith(("AWS_", "S3_"))]
