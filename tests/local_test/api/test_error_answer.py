"""Every protocol's errors, read by botocore's own parsers."""

import botocore.parsers
import botocore.session
import pytest

from local_test.api.error_answer import error_answer, protocol_of, refusal
from local_test.api.errors import AccessRefused, Why
from local_test.api.http_request import RequestHead

SESSION = botocore.session.get_session()
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
OF_LAMBDA = {
    "authorization": "AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host"
}
IN_QUERY = ("iam", "sts", "ec2", "route53")  # XML, S3 apart
REQUESTS = [
    (
        "sagemaker",
        "ListModels",
        "json",
        RequestHead.of("POST", "/", {"x-amz-target": "SageMaker.ListModels"}),
        "sagemaker",
    ),
    (
        "ecr",
        "ListImages",
        "json",
        RequestHead.of("POST", "/", {"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.ListImages"}),
        "ecr",
    ),
    ("iam", "ListRoles", "query", RequestHead.of("POST", "/", FORM), "iam"),
    ("sts", "GetCallerIdentity", "query", RequestHead.of("POST", "/", FORM), "sts"),
    ("s3", "GetObject", "rest-xml", RequestHead.of("GET", "/bucket/key", {}), "s3"),
    ("s3", "PutObject", "rest-xml", RequestHead.of("PUT", "/bucket/key", FORM), "s3"),
    (
        "sagemaker-runtime",
        "InvokeEndpoint",
        "rest-json",
        RequestHead.of("POST", "/endpoints/a/invocations", {}),
        "sagemaker",
    ),
    (
        "cloudwatch",
        "ListMetrics",
        "smithy-rpc-v2-cbor",
        RequestHead.of("POST", "/service/x/operation/ListMetrics", {"smithy-protocol": "rpc-v2-cbor"}),
        "monitoring",
    ),
    ("lambda", "ListFunctions", "rest-json", RequestHead.of("GET", "/2015-03-31/functions/", {}), "lambda"),
    ("cloudsearchdomain", "Search", "rest-json", RequestHead.of("POST", "/2013-01-01/search", FORM), "cloudsearch"),
    ("ec2", "DescribeInstances", "ec2", RequestHead.of("POST", "/", FORM), "ec2"),
    ("route53", "ListHostedZones", "rest-xml", RequestHead.of("GET", "/2013-04-01/hostedzone", {}), "route53"),
    ("lambda", "ListFunctions", "rest-json", RequestHead.of("GET", "/2015-03-31/functions/", OF_LAMBDA), ""),
    (
        "sso",
        "ListAccounts",
        "rest-json",
        RequestHead.of("GET", "/assignment/accounts", {"x-amz-sso_bearer_token": "t"}),
        "",
    ),
]


def parsed(answer, client: str, operation: str, protocol: str) -> dict:
    parser = botocore.parsers.create_parser(protocol)
    shape = SESSION.get_service_model(client).operation_model(operation).output_shape
    headers = botocore.awsrequest.HeadersDict(answer.headers)
    return parser.parse({"status_code": int(answer.status.split()[0]), "headers": headers, "body": answer.body}, shape)


@pytest.mark.parametrize("client, operation, protocol, head, service", REQUESTS)
@pytest.mark.parametrize("message", ["A sentence.", '<b> & "quotes" ü ' + "x" * 300])
def test_a_client_reads_code_and_message(client, operation, protocol, head, service, message):
    answer = error_answer(protocol_of(head, service), 400, "SomeCode", message)
    error = parsed(answer, client, operation, protocol)["Error"]
    assert (error["Code"], error["Message"]) == ("SomeCode", message)


@pytest.mark.parametrize("client, operation, protocol, head, service", REQUESTS)
@pytest.mark.parametrize(
    "why, in_s3, in_query, in_json",
    [
        (Why.UNKNOWN_KEY, "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"),
        (Why.WRONG_SIGNATURE, "SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException"),
        (Why.UNSIGNED, "AccessDenied", "MissingAuthenticationToken", "MissingAuthenticationTokenException"),
        (Why.EXPIRED, "AccessDenied", "SignatureDoesNotMatch", "InvalidSignatureException"),
    ],
)
def test_a_refusal_has_the_code_that_aws_has_there(
    client, operation, protocol, head, service, why, in_s3, in_query, in_json
):
    answer = refusal(protocol_of(head, service), AccessRefused(why, "No."))
    assert answer.status.startswith("403 ")
    expected = in_s3 if client == "s3" else in_query if client in IN_QUERY else in_json
    assert parsed(answer, client, operation, protocol)["Error"]["Code"] == expected
