"""The name of the operation that a request asks for, by botocore's models."""

import gzip
from pathlib import Path

import pytest
from botocore.loaders import Loader

from local_test.api.asked_operation import METADATA, asked_operation, services_signed_as
from local_test.api.error_answer import OF_REST_XML, OF_S3
from local_test.api.http_request import RequestHead

QUERY = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    "service, method, target, headers, body, operation",
    [
        ("sns", "POST", "/", QUERY, b"Action=Publish&Message=x", "Publish"),
        ("dynamodb", "POST", "/", {"x-amz-target": "DynamoDB_20120810.GetItem"}, b"{}", "GetItem"),
        ("monitoring", "POST", "/service/X/operation/PutInsightRule", {}, b"", "PutInsightRule"),
        ("lambda", "GET", "/2015-03-31/functions", {}, b"", "ListFunctions"),
        ("lambda", "GET", "/2015-03-31/functions/f/versions", {}, b"", "ListVersionsByFunction"),
        ("lambda", "POST", "/2015-03-31/functions/a%2Fb/invocations", {}, b"", "Invoke"),
        ("sagemaker", "GET", "/FeatureGroup/g?RecordIdentifierValueAsString=1", {}, b"", "GetRecord"),
        ("s3", "PUT", "/bucket?replication", {}, b"", "PutBucketReplication"),
        ("s3", "GET", "/bucket/a/b?torrent", {}, b"", "GetObjectTorrent"),
        ("s3", "GET", "/bucket?analytics&id=1", {}, b"", "GetBucketAnalyticsConfiguration"),
        (
            "s3",
            "GET",
            "/bucket?analytics&x-id=ListBucketAnalyticsConfigurations",
            {},
            b"",
            "ListBucketAnalyticsConfigurations",
        ),
        ("s3", "PUT", "/bucket/key", {}, b"", "PutObject"),
        ("s3", "PUT", "/bucket/key", {"x-amz-copy-source": "b/k"}, b"", "CopyObject"),
        ("route53", "GET", "/2013-04-01/hostedzone", {}, b"", "ListHostedZones"),
        ("lambda", "GET", "/nothing/of/it", {}, b"", "GET /nothing/of/it"),
        ("unheard-of", "GET", "/", {}, b"", "GET /"),
    ],
)
def test_an_operation_has_its_name(service, method, target, headers, body, operation):
    assert asked_operation(service, RequestHead.of(method, target, headers), body) == operation


@pytest.mark.parametrize("scope, service", [("monitoring", "cloudwatch"), ("ec2", "ec2"), ("s3", "s3control")])
def test_a_scope_is_of_the_services_that_are_signed_for_it(scope, service):
    assert service in services_signed_as(scope)


def test_every_service_that_answers_in_rest_xml_is_known():
    models = [
        path
        for folder in Loader(include_default_search_paths=True).search_paths
        for path in Path(folder).glob("*/*/service-2.json.gz")
    ]
    found = set()
    for path in models:
        with gzip.open(path, "rt") as text:
            facts = dict(METADATA.findall(text.read(4000).partition('"operations"')[0]))
        if facts["protocol"] == "rest-xml":
            found.add(facts.get("signingName", facts["endpointPrefix"]))
    assert {"s3", "route53"} <= found <= {*OF_REST_XML, *OF_S3}
