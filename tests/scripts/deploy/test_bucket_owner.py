"""Whose bucket it is: requests to the project's own name the account, and no model comes from somebody else's."""

from functools import partial

import pytest
from botocore.awsrequest import AWSResponse

from scripts import deploy, upload
from scripts.aws.clients import Aws
from scripts.config.settings import load_settings

OWNER = "x-amz-expected-bucket-owner"
ACCOUNT = "123456789012"


@pytest.fixture
def s3(ready):
    """The client of the programs."""
    return Aws(load_settings()).client("s3")


@pytest.fixture
def hooked(request, s3):
    """hooked(event, handler): until the test ends."""

    def register(event, handler):
        s3.meta.events.register_first(event, handler)
        request.addfinalizer(partial(s3.meta.events.unregister, event, handler))

    return register


def denied(**_):
    answer = {"Error": {"Code": "403", "Message": "Forbidden"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return AWSResponse("", 403, {}, None), answer


@pytest.fixture
def pictures(tmp_path):
    for split in ("train", "valid", "test"):
        (tmp_path / split / "1.A").mkdir(parents=True)
        (tmp_path / split / "1.A/x.jpg").write_bytes(split.encode())
    return tmp_path


def test_every_request_to_the_projects_bucket_names_its_owner(hooked, pictures):
    seen = {}
    hooked("before-call.s3", lambda model, params, **_: seen.update({model.name: params["headers"].get(OWNER)}))
    assert upload.main([str(pictures)]) == 0
    assert deploy.main([]) == 0
    assert {"HeadBucket", "PutObject", "ListObjectsV2"} <= set(seen) and set(seen.values()) == {ACCOUNT}


def test_a_bucket_that_somebody_else_has_named_like_the_accounts_gets_nothing(hooked, pictures, capsys):
    hooked("before-call.s3.HeadBucket", lambda params, **_: denied() if OWNER in params["headers"] else None)
    put = []
    hooked("before-call.s3.PutObject", lambda **_: put.append(1))
    assert upload.main([str(pictures)]) == 1
    assert "is another account's, or these credentials lack" in capsys.readouterr().err and not put


def test_a_model_in_another_accounts_bucket_is_not_deployed(ready, hooked, aws, capsys):
    aws.client("s3").create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    hooked("before-call.s3.HeadBucket", lambda params, **_: denied() if OWNER in params["headers"] else None)
    assert deploy.main(["--model-data", "s3://theirs/model.tar.gz"]) == 1
    assert "The bucket theirs is another account's" in capsys.readouterr().err
    assert ready.made() == []


def test_a_bucket_that_may_not_be_looked_at_is_said_and_used(ready, hooked, capsys):
    hooked("before-call.s3.HeadBucket", denied)
    assert deploy.main(["--model-data", "s3://closed/model.tar.gz"]) == 0
    assert "may not see whose bucket closed is" in capsys.readouterr().err


def test_a_bucket_that_is_not_there_is_a_sentence_and_nothing_is_made(ready, capsys):
    assert deploy.main(["--model-data", "s3://nowhere/model.tar.gz"]) == 1
    assert "There is no bucket nowhere" in capsys.readouterr().err
    assert ready.made() == []
