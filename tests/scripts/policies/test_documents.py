"""scripts/policies/: documents that IAM takes, filled in for a project, with nothing in them that no program needs."""

import json
import re
from dataclasses import replace
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from scripts.aws.clients import Aws
from scripts.aws.permissions import ANY, Permission, by_resource, lacking, needed, of_verbs
from scripts.aws.policy_documents import (
    FOLDER,
    OPTIONAL,
    ROLE,
    TLS_ONLY,
    TRUST,
    VERBS,
    Places,
    listed,
    places_of,
    policy_document,
)
from scripts.config.settings import load_settings
from tests.scripts.conftest import BUCKET
from tests.scripts.conftest import ROLE as ROLE_ARN
from tests.scripts.policies.asked import BUDGETS_ACTIONS, S3_ACTIONS, SAGEMAKER
from tests.scripts.policies.evaluation import actions_of, allows

PLACES = Places("aws", "eu-west-1", "123456789012", BUCKET, "dogbreed", ROLE_ARN)
NAMES = sorted(path.stem for path in FOLDER.iterdir())
OF_USERS = sorted({*NAMES} - {ROLE, TRUST, TLS_ONLY})
ROOT = Path(__file__).parents[3]
# AWS's own programs ask for these on the user's behalf, or they have no operation of their name.
IMPLIED = {
    "application-autoscaling:DeleteScalingPolicy",  # with the scalable target
    "cloudwatch:TagResource",
    "ecr:BatchCheckLayerAvailability",  # docker push
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:TagResource",
    "ecr:UploadLayerPart",
    "iam:CreateServiceLinkedRole",  # the first autoscaling of an account
    "iam:PassRole",
    "iam:TagRole",
    "logs:TagResource",
    "budgets:TagResource",
    "s3:DeleteObjectVersion",  # DeleteObjects with versions
    "sagemaker:AddTags",
    "sagemaker:UpdateEndpointWeightsAndCapacities",  # RegisterScalableTarget
    "sagemaker:UpdateInferenceComponentRuntimeConfig",
}
# Alarms of target tracking are Application Auto Scaling's, which asks for them on the user's behalf.
IMPLIED_IN = {"deploy": {"cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms"}}
TYPES = {**{field.removesuffix("Name"): kind for field, kind in SAGEMAKER.items()}, "EndpointAsync": "endpoint"}
FURTHER_TYPES = {
    "CreateEndpoint": "endpoint-config",
    "CreateInferenceComponent": "endpoint",
    "InvokeEndpoint": "inference-component",
    "UpdateEndpoint": "endpoint-config",
    "CreateTransformJob": "model",
}


def test_every_verb_of_the_makefile_has_a_document():
    verbs = re.search(r"^verbs := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    assert {*verbs, "doctor"} <= set(OF_USERS) and set(VERBS) <= {*verbs}


@pytest.mark.parametrize("name", [*OF_USERS, ROLE])
def test_the_table_of_the_documentation_links_each_document(name):
    assert f"[{name}.json](../scripts/policies/{name}.json) |" in (ROOT / "docs/aws.md").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_one_that_iam_takes(name):
    policy = policy_document(name, PLACES)
    assert policy["Version"] == "2012-10-17"
    sids = [statement.get("Sid") for statement in policy["Statement"]]
    assert len(sids) == len(set(sids)) and all(sid is None or re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    # Of a managed policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert len(json.dumps(policy, separators=(",", ":"))) < 6_144
    assert not re.search(r"\$\{[A-Z]", json.dumps(policy))
    for statement in policy["Statement"]:
        for resource in listed(statement.get("Resource", [])):
            assert resource == "*" or re.fullmatch(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d*:[^{}]+", resource), resource


@pytest.mark.parametrize("name", OF_USERS)
def test_nothing_is_allowed_that_no_program_asks_for(name):
    sources = "".join(path.read_text() for path in (ROOT / "scripts").rglob("*.py"))
    renamed = {**S3_ACTIONS, **BUDGETS_ACTIONS}
    for action in actions_of(policy_document(name, PLACES)) - IMPLIED - IMPLIED_IN.get(name, set()):
        own = action.partition(":")[2]
        operations = [own, *(operation for operation, its in renamed.items() if its == own)]
        assert any(one in sources or xform_name(one) in sources or _is_of_a_job(one, sources) for one in operations), (
            action
        )


def _is_of_a_job(operation: str, sources: str) -> bool:
    """Describe, List and Stop of jobs are put together from the kind's noun."""
    found = re.fullmatch("(Describe|List|Stop)(.+?)s?", operation)
    return bool(found) and f'JobKind("{found[2]}"' in sources.replace("\n        ", "")


@pytest.mark.parametrize("name", OF_USERS)
def test_an_action_of_sagemaker_is_about_resources_of_its_own_type(name):
    """Or a user's own policy, which names the right ones, would seem to lack it."""
    for one in all_permissions(name):
        service, _, operation = one.action.partition(":")
        if service != "sagemaker" or one.resource == ANY or operation == "AddTags":
            continue
        kind = one.resource.split(":")[5].partition("/")[0]
        if operation == "ListTrainingJobsForHyperParameterTuningJob":
            assert kind == "hyper-parameter-tuning-job"
        elif operation == "UpdateEndpointWeightsAndCapacities":
            assert kind == "endpoint"
        elif operation == "UpdateInferenceComponentRuntimeConfig":
            assert kind == "inference-component"
        else:
            noun = re.sub("^(Create|Delete|Describe|Invoke|Stop|Update)", "", operation)
            assert kind in (TYPES[noun], FURTHER_TYPES.get(operation)), one


def all_permissions(name: str) -> list[Permission]:
    return [
        Permission(action, resource)
        for statement in policy_document(name, PLACES)["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


def test_every_action_is_one_of_aws():
    """Read from botocore's models, by the operation that it is named after."""
    session = botocore.session.get_session()
    renamed = {action: operation for operation, action in {**S3_ACTIONS, **BUDGETS_ACTIONS}.items()}
    without_operation = {"DeleteObjectVersion": "DeleteObject", "InvokeEndpoint": None, "InvokeEndpointAsync": None}
    models = {"servicequotas": "service-quotas"}
    for action in {one.action for name in (*OF_USERS, ROLE) for one in all_permissions(name)} - {"iam:PassRole"}:
        service, _, name = action.partition(":")
        operation = without_operation.get(name, renamed.get(name, name))
        model = session.get_service_model(models.get(service, service))
        assert operation is None or operation in model.operation_names, action


def test_a_role_that_is_not_set_is_not_passed_and_other_inputs_are_read():
    without = policy_document("train", replace(PLACES, role=""))
    assert "iam:PassRole" in actions_of(policy_document("train", PLACES)) - actions_of(without)
    assert "s3:GetObject" in actions_of(policy_document(ROLE, PLACES))
    places = replace(PLACES, inputs=("theirs/all/dogs", "theirs/w*.pth"))
    role = policy_document(ROLE, places)
    assert allows(role, "s3:ListBucket", "arn:aws:s3:::theirs")
    assert allows(role, "s3:GetObject", "arn:aws:s3:::theirs/all/dogs/train/A/x.jpg")
    assert allows(role, "s3:GetObject", "arn:aws:s3:::theirs/w*.pth")
    assert not allows(role, "s3:GetObject", "arn:aws:s3:::theirs/weights.pth")
    assert not allows(role, "s3:PutObject", "arn:aws:s3:::theirs/all/dogs/train/A/x.jpg")
    assert not allows(policy_document(ROLE, PLACES), "s3:ListBucket", "arn:aws:s3:::theirs")


def test_a_long_prefix_has_the_tuning_jobs_that_its_own_are_named_after():
    """Their names have 32 letters at most."""
    long = "a-prefix-of-more-than-18-letters"
    tune = policy_document("tune", replace(PLACES, prefix=long))
    jobs = "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job"
    assert not allows(tune, "sagemaker:CreateHyperParameterTuningJob", f"{jobs}/{long}-tune-1")
    assert allows(
        tune, "sagemaker:CreateTrainingJob", f"{jobs.replace('hyper-parameter-tuning', 'training')}/{long}-features-1"
    )


def test_the_role_is_sagemakers_in_this_account_and_removes_nothing():
    [trust] = policy_document(TRUST, PLACES)["Statement"]
    assert trust["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    role = policy_document(ROLE, PLACES)
    assert not [action for action in actions_of(role) if re.match("sagemaker:|iam:|.*:Delete", action)]
    for key, is_allowed in (("dogbreed/jobs/x/model.tar.gz", True), ("dogbreed-house/data/x.jpg", False)):
        assert allows(role, "s3:PutObject", f"arn:aws:s3:::{BUCKET}/{key}") is is_allowed
    images = "arn:aws:ecr:eu-west-1:123456789012:repository"
    assert allows(role, "ecr:BatchGetImage", f"{images}/dogbreed-serve-cpu")
    assert not allows(role, "ecr:BatchGetImage", f"{images}/dogbreed-house-train")


def test_what_a_verb_can_do_without_is_not_needed():
    wanted = needed("deploy", PLACES)
    actions = {one.action for one in wanted}
    assert "sagemaker:CreateEndpoint" in actions and "application-autoscaling:PutScalingPolicy" not in actions
    assert {one.action for one in needed("doctor", PLACES)} == set()
    model = Permission("sagemaker:CreateModel", "arn:aws:sagemaker:eu-west-1:123456789012:model/dogbreed-doctor")
    assert model in wanted and all(one.resource == ANY or "*" not in one.resource for one in wanted)
    assert model.action in by_resource(wanted)[model.resource]
    sids = [statement["Sid"] for statement in policy_document("deploy", PLACES)["Statement"]]
    assert sum(sid.startswith(OPTIONAL) for sid in sids) > 3


def test_a_denied_permission_is_told_of_the_verbs_that_need_it():
    data = "arn:aws:s3:::some-bucket/dogbreed/data/doctor"
    assert dict(lacking([Permission("s3:PutObject", data)], PLACES)) == {"upload": ["s3:PutObject"]}
    role = Permission("iam:PassRole", ROLE_ARN)
    assert set(lacking([role], PLACES)) == {"train", "tune", "deploy", "transform"}
    assert lacking([], PLACES) == {} and set(of_verbs(PLACES)) == set(VERBS)


def test_the_role_lets_a_shell_into_its_jobs_where_the_settings_ask_for_one(aws, monkeypatch):
    assert "ssmmessages:OpenDataChannel" not in actions_of(policy_document(ROLE, places_of(aws)))
    monkeypatch.setenv("SAGEMAKER_TRAIN_SHELL", "true")
    role = policy_document(ROLE, places_of(Aws(load_settings())))
    assert allows(role, "ssmmessages:OpenDataChannel", "*")
