"""make bootstrap: what an account needs is made once, shown before, and what is there already stays."""

import json
import shutil

import pytest
from botocore.exceptions import ClientError

from scripts import bootstrap
from scripts.account import execution_role
from scripts.account.execution_role import with_role
from scripts.aws.policy_documents import ROLE, TRUST, places_of, policy_document
from scripts.config.settings import FILE, load_settings
from tests.scripts.conftest import BUCKET
from tests.scripts.console.documented import fields
from tests.scripts.service_model import problems

NAME = "dogbreed-sagemaker"
GROUP = "/aws/sagemaker/Endpoints/dogbreed"
TAGS = [{"Key": "project", "Value": "dogbreed"}, {"Key": "made-by", "Value": "bootstrap"}]
EVERYTHING = ["--yes", "--email", "me@example.com", "--budget", "20"]


@pytest.fixture
def project(aws, monkeypatch, tmp_path):
    """A project of one's own without a role. The value is its sagemaker.toml."""
    shutil.copy(FILE, tmp_path)
    monkeypatch.setenv("SAGEMAKER_PROJECT_FOLDER", str(tmp_path))
    monkeypatch.delenv("SAGEMAKER_ROLE")
    return tmp_path / FILE.name


def planned(capsys, *arguments: str) -> list[str]:
    """The operations that a dry run prints."""
    capsys.readouterr()
    assert bootstrap.main(["--dry-run", *arguments]) == 0
    calls = json.loads(capsys.readouterr().out)
    for call in calls:
        assert problems(call["service"], call["operation"], call["request"]) == []
    return [call["operation"] for call in calls]


def test_a_new_account_gets_all_that_it_needs(aws, capsys):
    assert bootstrap.main(EVERYTHING) == 0
    shown = capsys.readouterr().out
    places, iam, s3 = places_of(aws), aws.client("iam"), aws.client("s3")
    role = iam.get_role(RoleName=NAME)["Role"]
    assert role["AssumeRolePolicyDocument"] == policy_document(TRUST, places) and role["Tags"] == TAGS
    policy = iam.get_role_policy(RoleName=NAME, PolicyName="dogbreed-eu-west-1")["PolicyDocument"]
    assert policy == policy_document(ROLE, places)
    repositories = aws.client("ecr").describe_repositories()["repositories"]
    assert [one["repositoryName"] for one in repositories] == ["dogbreed-train", "dogbreed-serve"]
    assert {one["imageTagMutability"] for one in repositories} == {"IMMUTABLE"}
    assert s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == TAGS
    assert set(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values()) == {True}
    [rule] = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    [ownership] = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
    assert ownership == {"ObjectOwnership": "BucketOwnerEnforced"}
    [statement] = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    groups = aws.client("logs").describe_log_groups()["logGroups"]
    assert {one["logGroupName"]: one["retentionInDays"] for one in groups} == dict.fromkeys(
        (GROUP, "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/TransformJobs"), 90
    )
    budget = aws.client("budgets").describe_budget(AccountId=places.account, BudgetName="dogbreed-bootstrap")["Budget"]
    assert float(budget["BudgetLimit"]["Amount"]) == 20
    assert budget["CostFilters"] == {"TagKeyValue": ["user:project$dogbreed"]}
    assert "+ role dogbreed-sagemaker: " in shown and "role dogbreed-sagemaker: CreateRole, PutRolePolicy" in shown
    assert "cost allocation tag" in shown and "next: make push" in shown


def test_a_second_call_says_what_is_there_and_makes_nothing(aws, capsys):
    assert bootstrap.main(EVERYTHING) == 0
    capsys.readouterr()
    assert bootstrap.main([]) == 0  # and asks nothing
    shown = capsys.readouterr().out
    assert "  role dogbreed-sagemaker: is there" in shown and f"  bucket {BUCKET}: is there" in shown
    assert "is there: 20 USD a month" in shown and "keeps lines for 90 days" in shown and "+ " not in shown
    assert planned(capsys, "--email", "me@example.com") == []


def test_a_dry_run_prints_requests_that_aws_takes_and_makes_nothing(aws, capsys):
    made = planned(capsys, "--email", "me@example.com")
    assert made[:2] == ["CreateRole", "PutRolePolicy"] and made.count("CreateRepository") == 2
    assert made[-1] == "CreateBudget" and "PutBucketPolicy" in made
    assert "CreateBudget" not in planned(capsys)
    assert aws.client("iam").list_roles()["Roles"] == [] and aws.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize("answer", ["n", "", EOFError])
def test_nothing_is_made_without_a_yes(project, aws, monkeypatch, capsys, answer):
    before = project.read_text()

    def ask(prompt):
        if answer is EOFError:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", ask)
    assert bootstrap.main([]) == 1
    assert "nothing was made" in capsys.readouterr().out
    assert aws.client("iam").list_roles()["Roles"] == [] and project.read_text() == before


def test_the_role_is_written_into_the_settings_where_none_is_set(project, aws, capsys):
    before = project.read_text()
    assert bootstrap.main(["--yes"]) == 0
    assert 'role = "dogbreed-sagemaker" is written into sagemaker.toml' in capsys.readouterr().out
    assert load_settings().role == NAME
    old = next(line for line in before.splitlines() if line.startswith("role = "))
    new = next(line for line in project.read_text().splitlines() if line.startswith("role = "))
    assert new.partition("#")[2] == old.partition("#")[2] != ""
    assert project.read_text() == before.replace(old, new)
    assert bootstrap.main([]) == 0
    assert "setting role: names this role already" in capsys.readouterr().out


def test_a_role_that_is_set_stays_and_the_line_for_the_new_one_is_said(project, aws, monkeypatch, capsys):
    text = project.read_text().replace('role = ""', 'role = "mine"')
    project.write_text(text)
    assert bootstrap.main(["--yes"]) == 0
    assert 'sagemaker.toml names another role; for this one: role = "dogbreed-sagemaker"' in capsys.readouterr().out
    monkeypatch.setenv("SAGEMAKER_ROLE", "theirs")
    assert bootstrap.main(["--yes"]) == 0
    assert "SAGEMAKER_ROLE names another role; unset it" in capsys.readouterr().out
    assert project.read_text() == text


def test_a_comment_of_the_setting_stays_where_it_was():
    assert with_role('role = ""            # the role\n', "cats") == 'role = "cats"        # the role\n'
    assert with_role('prefix = "a"\nrole = ""\n', "cats") == 'prefix = "a"\nrole = "cats"\n'
    assert with_role("role = ''\n", "cats") is None


def test_what_others_made_stays_as_it_is_and_what_it_lacks_is_said(aws, bucket, write_log, capsys):
    iam, s3 = aws.client("iam"), aws.client("s3")
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(policy_document(TRUST, places_of(aws))))
    write_log("/aws/sagemaker/TrainingJobs", "a/b", "a line")
    assert bootstrap.main(["--yes"]) == 0
    shown = capsys.readouterr().out
    assert f"  role {NAME}: is there, was not made by bootstrap, and stays" in shown
    assert f"  bucket {BUCKET}: is there, was not made by bootstrap, and stays as it is; it lacks: " in shown
    assert "TLS for every request" in shown and "aws logs put-retention-policy" in shown
    assert iam.list_role_policies(RoleName=NAME)["PolicyNames"] == []
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)
    groups = {one["logGroupName"]: one for one in aws.client("logs").describe_log_groups()["logGroups"]}
    assert "retentionInDays" not in groups["/aws/sagemaker/TrainingJobs"]


def test_a_bucket_with_a_key_of_the_accounts_own_keeps_it_and_says_what_it_wants(aws, bucket, capsys):
    key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    aws.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert bootstrap.main(["--yes"]) == 0
    wants = f"it encrypts with the KMS key {key}: you and the role need kms:Decrypt and kms:GenerateDataKey on it"
    assert wants in capsys.readouterr().out
    assert "PutBucketEncryption" not in planned(capsys)


def test_what_was_changed_since_is_brought_back(aws, capsys):
    assert bootstrap.main(["--yes"]) == 0
    iam, s3 = aws.client("iam"), aws.client("s3")
    anybody = policy_document(TRUST, places_of(aws))
    anybody["Statement"][0]["Principal"] = {"Service": "ec2.amazonaws.com"}
    iam.update_assume_role_policy(RoleName=NAME, PolicyDocument=json.dumps(anybody))
    iam.put_role_policy(
        RoleName=NAME,
        PolicyName="dogbreed-eu-west-1",
        PolicyDocument=json.dumps(policy_document("push", places_of(aws))),
    )
    s3.delete_public_access_block(Bucket=BUCKET)
    own = {"Sid": "Mine", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::some-bucket"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [own]}))
    assert planned(capsys) == ["UpdateAssumeRolePolicy", "PutRolePolicy", "PutPublicAccessBlock", "PutBucketPolicy"]
    assert bootstrap.main(["--yes"]) == 0
    statements = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert [one["Sid"] for one in statements] == ["Mine", "TlsOnly"]
    assert planned(capsys) == []


def test_a_second_region_has_permissions_of_its_own_in_the_same_role(aws, monkeypatch, capsys):
    assert bootstrap.main(["--yes"]) == 0
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("SAGEMAKER_BUCKET", "another-bucket")
    assert bootstrap.main(["--yes"]) == 0
    policies = aws.client("iam").list_role_policies(RoleName=NAME)["PolicyNames"]
    assert sorted(policies) == ["dogbreed-eu-central-1", "dogbreed-eu-west-1"]


def test_what_aws_refuses_keeps_nothing_else_and_is_said(project, aws, monkeypatch, capsys):
    def refused(**request):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "CreateRole")

    monkeypatch.setattr(aws.client("iam"), "create_role", refused)
    before = project.read_text()
    assert bootstrap.main(["--yes"]) == 1
    said = capsys.readouterr().err
    assert f"error: role {NAME}: AWS refused CreateRole" in said and "1 of what the account needs is missing" in said
    assert "make bootstrap ARGS=--policies" in said
    assert len(aws.client("ecr").describe_repositories()["repositories"]) == 2
    assert project.read_text() == before  # there is no such role


def test_what_may_not_be_looked_at_is_said_and_the_rest_is_made(aws, monkeypatch, capsys):
    def refused(*arguments, **request):
        raise ClientError(
            {"Error": {"Code": "403", "Message": "Forbidden"}, "ResponseMetadata": {"HTTPStatusCode": 403}},
            "HeadBucket",
        )

    monkeypatch.setattr(aws.client("s3"), "head_bucket", refused)
    assert bootstrap.main(["--yes"]) == 1
    assert f"error: bucket: The bucket {BUCKET} is another account's" in capsys.readouterr().err
    assert execution_role.role_name("dogbreed") in [one["RoleName"] for one in aws.client("iam").list_roles()["Roles"]]


def test_a_budget_that_nobody_may_look_at_matters_only_when_one_is_wanted(aws, monkeypatch, capsys):
    def refused(**request):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, "DescribeBudget")

    monkeypatch.setattr(aws.client("budgets"), "describe_budget", refused)
    assert bootstrap.main(["--yes"]) == 0
    assert "none is made without --email" in capsys.readouterr().out
    assert bootstrap.main(EVERYTHING) == 1
    assert "error: budget: AWS refused DescribeBudget" in capsys.readouterr().err


def test_a_bucket_elsewhere_is_none_for_jobs_here(aws, monkeypatch, capsys):
    found = {"BucketRegion": "us-west-2"}
    monkeypatch.setattr(aws.client("s3"), "head_bucket", lambda **request: found)
    assert bootstrap.main(["--yes"]) == 1
    assert f"The bucket {BUCKET} is in us-west-2, and jobs run in eu-west-1." in capsys.readouterr().err


def test_the_policies_are_printed_filled_in_for_an_administrator(project, aws, capsys):
    assert bootstrap.main(["--policies"]) == 0
    printed = capsys.readouterr().out
    documents = json.loads(printed)
    assert {"train", "deploy", "bootstrap", "doctor", ROLE, TRUST} <= set(documents)
    assert "123456789012" in printed and "${AWS" not in printed
    [passing] = [one for one in documents["train"]["Statement"] if one["Action"] == "iam:PassRole"]
    assert passing["Resource"] == "arn:aws:iam::123456789012:role/dogbreed-sagemaker"  # the one that it would make
    assert aws.client("iam").list_roles()["Roles"] == []


@pytest.mark.parametrize(
    "arguments", [["--budget", "20"], ["--email", "nobody"], ["--email", "me@example.com", "--budget", "0"]]
)
def test_a_budget_is_for_somebody_and_of_an_amount(aws, arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        bootstrap.main(arguments)
    assert ended.value.code == 2 and "--" in capsys.readouterr().err


def test_its_document_says_what_each_resource_is_and_what_was_made(aws, monkeypatch, capsys):
    for is_new in (True, False):
        assert bootstrap.main(["--yes", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert set(found) == {"role", "setting", "resources"} <= fields("bootstrap")
        assert found["role"] == f"arn:aws:iam::123456789012:role/{NAME}"
        made = {one["name"]: one["made"] for one in found["resources"]}
        assert made[NAME] == (["CreateRole", "PutRolePolicy"] if is_new else [])
        assert made["dogbreed-bootstrap"] == []
        assert {key for one in found["resources"] for key in one} <= fields("bootstrap")
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    assert bootstrap.main(["--email", "me@example.com", "--json"]) == 1
    assert "Nothing was made" in json.loads(capsys.readouterr().out)["error"]
