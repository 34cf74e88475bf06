"""Whether a quota is enough: of one request where its code is known, with what the account runs already."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from scripts.aws.clients import Aws
from scripts.aws.instances_in_use import in_use
from scripts.aws.machines import Machines
from scripts.aws.quotas import Quota, check_quota, find_quota, is_tight, known_code
from scripts.config.settings import load_settings
from scripts.console.failure import Failure
from tests.scripts.account_services import TRAINING, quota, quotas_are
from tests.scripts.sagemaker_stand_in import Refusal

LINK = "https://eu-west-1.console.aws.amazon.com/servicequotas/home/services/sagemaker/quotas/L-3F53BF0F"


def machines(usage="training job", count=1, most=None, instance_type="ml.g4dn.xlarge"):
    section = {"endpoint": "deploy", "transform job": "transform"}.get(usage, "train")
    return Machines(usage, section, instance_type, count, most or count, None, "It ends.")


def checked(has, used=0, **wanted):
    return check_quota(machines(**wanted), Quota("L-3F53BF0F", has), used, "eu-west-1")


def test_a_quota_that_is_too_small_is_named_with_the_link_and_what_would_be_enough():
    with pytest.raises(Failure) as failure:
        checked(0, count=4)
    said = str(failure.value)
    assert f"`{TRAINING}` is 0 in eu-west-1, and 4 are wanted" in said and f"at least 4: {LINK}, or" in said
    assert "train.instance-type in sagemaker.toml" in said
    assert checked(4, count=4) is None


def test_what_runs_already_makes_a_warning_and_no_refusal():
    said = checked(4, used=3, count=2)
    assert "is 4 in eu-west-1, of which 3 in use, and 2 are wanted: AWS may refuse it." in said
    assert f"ask for 5: {LINK}" in said and "make status" in said
    assert checked(5, used=3, count=2) is None


def test_autoscaling_beyond_the_quota_is_said():
    assert "autoscaling.max-instances is 8" in checked(4, usage="endpoint", count=1, most=8)


def test_a_known_code_is_one_request_and_an_account_that_was_never_changed_has_the_default(quotas):
    service = Aws(load_settings()).quick_client("service-quotas")
    assert find_quota(service, TRAINING) == Quota("L-3F53BF0F", 1000)
    assert [operation for operation, _ in quotas.calls] == ["GetServiceQuota"]
    quotas.answers |= {
        "GetServiceQuota": Refusal("NoSuchResourceException", "None."),
        "GetAWSDefaultServiceQuota": quotas_are(0),
    }
    assert find_quota(service, TRAINING) == Quota("L-3F53BF0F", 0)


def pages(*quotas_of_pages):
    """ListServiceQuotas: a page a call."""

    def answer(request):
        number = int(request.get("NextToken", 0))
        more = {"NextToken": str(number + 1)} if number + 1 < len(quotas_of_pages) else {}
        return {"Quotas": quotas_of_pages[number], **more}

    return answer


def test_another_code_is_looked_for_once_and_kept(quotas):
    name = "ml.g5.xlarge for training job usage"
    quotas.answers |= {
        "ListServiceQuotas": pages(
            [quota(TRAINING, 1)], [quota(name, 3, "L-00000005")], [quota("never read", 0, "L-0")]
        ),
        "GetServiceQuota": {"Quota": quota(name, 4, "L-00000005")},
    }
    service = Aws(load_settings()).quick_client("service-quotas")
    assert find_quota(service, name) == Quota("L-00000005", 3) and len(quotas.calls) == 2
    quotas.calls.clear()
    assert find_quota(service, name) == Quota("L-00000005", 4)
    assert [operation for operation, _ in quotas.calls] == ["GetServiceQuota"]


def test_a_code_that_has_become_anothers_is_not_believed(quotas):
    quotas.answers |= {
        "GetServiceQuota": {"Quota": quota("Something else", 99, "L-3F53BF0F")},
        "ListServiceQuotas": pages([quota(TRAINING, 2, "L-11111111")]),
    }
    service = Aws(load_settings()).quick_client("service-quotas")
    assert find_quota(service, TRAINING) == Quota("L-11111111", 2)
    assert known_code(TRAINING) == "L-11111111"


def test_a_quota_that_the_account_does_not_have_is_none_and_a_refusal_an_error(quotas):
    quotas.answers["ListServiceQuotas"] = {"Quotas": []}
    service = Aws(load_settings()).quick_client("service-quotas")
    assert find_quota(service, "ml.new.xlarge for training job usage") is None
    quotas.answers["GetServiceQuota"] = Refusal("AccessDeniedException", "No.")
    with pytest.raises(ClientError):
        find_quota(service, TRAINING)


@pytest.mark.parametrize(("has", "tight"), [(0, False), (1, True), (20, True), (21, False)])
def test_what_runs_decides_only_where_the_quota_is_neither_too_small_nor_roomy(has, tight):
    assert is_tight(machines(count=1), Quota("L-1", has)) is tight


@pytest.fixture
def running(sagemaker):
    """What the account runs; used(usage) counts it."""
    jobs = {
        "a": {"ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2}},
        "b": {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 5}},
        "c": {
            "ResourceConfig": {
                "InstanceGroups": [
                    {"InstanceGroupName": "g", "InstanceType": "ml.g4dn.xlarge", "InstanceCount": 3},
                    {"InstanceGroupName": "m", "InstanceType": "ml.m5.large", "InstanceCount": 1},
                ]
            }
        },
        "spot": {
            "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1},
            "EnableManagedSpotTraining": True,
        },
    }

    def listed(request):
        assert request["StatusEquals"] == "InProgress"
        of = {"TrainingJobArn": "a", "CreationTime": 1, "TrainingJobStatus": "InProgress"}
        return {"TrainingJobSummaries": [{"TrainingJobName": name, **of} for name in jobs]}

    endpoints = {"e": [2], "scaled-to-zero": [0], "creating": None, "failed": None}
    configs = {
        name: [{"VariantName": "AllTraffic", "InstanceType": "ml.g4dn.xlarge", "InitialInstanceCount": 4}]
        for name in endpoints
    }
    sagemaker.answers |= {
        "ListTrainingJobs": listed,
        "DescribeTrainingJob": lambda request: jobs[request["TrainingJobName"]],
        "ListEndpoints": {
            "Endpoints": [
                {
                    "EndpointName": name,
                    "EndpointArn": "a",
                    "CreationTime": 1,
                    "LastModifiedTime": 1,
                    "EndpointStatus": {"creating": "Creating", "failed": "Failed"}.get(name, "InService"),
                }
                for name in endpoints
            ]
        },
        "DescribeEndpoint": lambda request: {
            "EndpointConfigName": request["EndpointName"],
            "ProductionVariants": [
                {"VariantName": "AllTraffic", "CurrentInstanceCount": count}
                for count in endpoints[request["EndpointName"]] or []
            ],
        },
        "DescribeEndpointConfig": lambda request: {"ProductionVariants": configs[request["EndpointConfigName"]]},
        "ListTransformJobs": {
            "TransformJobSummaries": [
                {"TransformJobName": "t", "TransformJobArn": "a", "CreationTime": 1, "TransformJobStatus": "InProgress"}
            ]
        },
        "DescribeTransformJob": {"TransformResources": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 7}},
    }
    aws = Aws(load_settings())

    return lambda usage: in_use(aws.quick_client("sagemaker"), machines(usage))


@pytest.mark.parametrize(
    ("usage", "count"), [("training job", 5), ("spot training job", 1), ("endpoint", 6), ("transform job", 7)]
)
def test_what_runs_is_counted_by_its_kind_and_instance_type(running, usage, count):
    assert running(usage) == count


def test_a_quota_that_is_too_small_for_the_first_of_several_types_is_a_warning():
    several = replace(machines(count=2), others=("ml.g5.xlarge",))
    said = check_quota(several, Quota("L-3F53BF0F", 0), 0, "eu-west-1")
    assert "is 0 in eu-west-1, and 2 are wanted: AWS can only take ml.g5.xlarge. Ask for 2: https://" in said
