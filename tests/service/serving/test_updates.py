"""UpdateEndpoint and UpdateEndpointWeightsAndCapacities: no request fails while containers change."""

import threading

import pytest
from botocore.exceptions import ClientError

from local_test.host.labels import find
from local_test.serving.instance import Instance
from tests.local_service import until
from tests.service.serving.harness import Load, unique, variant


def policy(kind, wait, **sizes):
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": wait, **sizes}}
    }


def update(service, endpoint, config, **more):
    service.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config, **more)


def running(service):
    return len(find(service.platform.engine, service=service.platform.service))


def test_no_request_fails_while_the_containers_are_exchanged(service):
    endpoint, config = service.deploy({"WHO": "old"}), service.config_of({"WHO": "new"})
    with Load(lambda: service.ask(endpoint, "sleep", seconds=0.02)) as load:
        until(lambda: len(load.answers) > 20)
        update(service, endpoint, config)
        assert service.status(endpoint) == "Updating"
        described = service.settled(endpoint)
        before = len(load.answers)
        until(lambda: len(load.answers) > before + 20)
    assert set(load.answers) == {"old", "new"} and load.answers[-1] == "new"
    assert described["EndpointStatus"] == "InService" and described["EndpointConfigName"] == config
    assert "PendingDeploymentSummary" not in described and "FailureReason" not in described
    assert running(service) == 1


def test_a_request_that_is_under_way_ends_on_the_old_container(service):
    endpoint, config = service.deploy({"WHO": "old"}), service.config_of({"WHO": "new"})
    answers = []
    slow = threading.Thread(target=lambda: answers.append(service.ask(endpoint, "sleep", seconds=4)))
    slow.start()
    until(lambda: any(one.outstanding for one in service.endpoints.live(endpoint).router.current.instances()))
    update(service, endpoint, config)
    service.in_service(endpoint)
    slow.join()
    assert answers == ["old"] and service.who(endpoint) == "new"


def test_an_update_that_fails_leaves_the_old_containers_in_service(service):
    endpoint = service.deploy({"WHO": "old"})
    config = service.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    with Load(lambda: service.who(endpoint)) as load:
        update(service, endpoint, service.config_of({"EXIT_AT_START": "5"}))
        described = service.settled(endpoint)
    assert described["EndpointStatus"] == "InService" and described["EndpointConfigName"] == config
    assert "exit status 5" in described["FailureReason"] and "no such model" in described["FailureReason"]
    assert set(load.answers) == {"old"} and running(service) == 1
    update(service, endpoint, service.config_of({"WHO": "new"}))
    assert "FailureReason" not in service.settled(endpoint) and service.who(endpoint) == "new"


def test_a_canary_gets_its_share_of_the_traffic_before_the_rest(service):
    canary = policy("CANARY", 4, CanarySize={"Type": "CAPACITY_PERCENT", "Value": 20})
    endpoint = service.deploy({"WHO": "old"})
    config = service.create_config(variant(service.create_model({"WHO": "new"}), count=2))
    with pytest.raises(ClientError, match="CANARY needs at least 2 instances"):
        update(service, endpoint, service.config_of(), DeploymentConfig=canary)
    with Load(lambda: service.who(endpoint), threads=2) as load:
        update(
            service,
            endpoint,
            config,
            DeploymentConfig=canary,
        )
        first = until(lambda: "new" in load.answers and load.answers.index("new"))
        until(lambda: len(load.answers) > first + 100)
        shared = load.answers[first : first + 100]
        service.in_service(endpoint)
    # 20 expected; six standard deviations are 24.
    assert shared.count("new") < 44
    assert set(load.answers) == {"old", "new"} and service.who(endpoint) == "new"
    assert service.sagemaker.describe_endpoint(EndpointName=endpoint)["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]


def test_an_alarm_during_the_wait_rolls_the_update_back(service):
    alarm = unique("alarm")
    service.cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=0,
        Period=60,
        EvaluationPeriods=1,
        Statistic="Sum",
    )
    endpoint = service.deploy({"WHO": "old"})
    config = {**policy("ALL_AT_ONCE", 60), "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}
    update(service, endpoint, service.config_of({"WHO": "new"}), DeploymentConfig=config)
    until(lambda: service.who(endpoint) == "new")
    service.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="the test says so")
    described = service.settled(endpoint)
    assert described["EndpointStatus"] == "InService" and alarm in described["FailureReason"]
    assert service.who(endpoint) == "old" and running(service) == 1


def test_a_new_container_that_exits_during_the_wait_rolls_the_update_back(service):
    endpoint = service.deploy({"WHO": "old"})
    update(service, endpoint, service.config_of({"WHO": "new"}), DeploymentConfig=policy("ALL_AT_ONCE", 60))
    until(lambda: service.who(endpoint) == "new")
    with pytest.raises(ClientError):
        service.ask(endpoint, "exit", status=4)
    described = service.settled(endpoint)
    assert described["EndpointStatus"] == "InService" and "exit status 4" in described["FailureReason"]
    assert service.who(endpoint) == "old"


def test_an_endpoint_whose_container_has_ended_is_mended_by_an_update(service):
    endpoint = service.deploy()
    with pytest.raises(ClientError):
        service.ask(endpoint, "exit", status=1)
    until(lambda: service.status(endpoint) == "Failed")
    update(service, endpoint, service.config_of({"WHO": "new"}))
    assert service.who(service.in_service(endpoint)) == "new"


def test_an_update_that_fails_to_mend_an_endpoint_is_told_beside_why_it_needed_mending(service):
    endpoint = service.deploy()
    with pytest.raises(ClientError):
        service.ask(endpoint, "exit", status=1)
    until(lambda: service.status(endpoint) == "Failed")
    update(service, endpoint, service.config_of({"EXIT_AT_START": "5"}))
    described = service.settled(endpoint)
    assert described["EndpointStatus"] == "Failed"
    assert "exit status 5" in described["FailureReason"] and "exit status 1" in described["FailureReason"]


def test_a_fault_while_containers_start_leaves_none_behind_and_the_old_ones_in_service(service, monkeypatch):
    endpoint = service.deploy({"WHO": "old"})
    start, calls = Instance.start, []

    def first_is_a_fault(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise KeyError("a fault")
        return start(*arguments)

    monkeypatch.setattr(Instance, "start", first_is_a_fault)
    update(service, endpoint, service.create_config(variant(service.create_model(), count=2)))
    described = service.settled(endpoint)
    assert described["EndpointStatus"] == "InService" and "A fault of the local SageMaker" in described["FailureReason"]
    assert len(calls) == 2 and running(service) == 1 and service.who(endpoint) == "old"


def test_weights_and_instances_change_without_a_failed_request(service):
    one, two = service.create_model({"WHO": "one"}), service.create_model({"WHO": "two"})
    endpoint = service.in_service(service.create(service.create_config(variant(one, "one"), variant(two, "two"))))
    change = service.sagemaker.update_endpoint_weights_and_capacities
    with Load(lambda: service.who(endpoint)) as load:
        change(
            EndpointName=endpoint,
            DesiredWeightsAndCapacities=[
                {"VariantName": "one", "DesiredWeight": 0},
                {"VariantName": "two", "DesiredInstanceCount": 2},
            ],
        )
        described = service.settled(endpoint)
        counts = {
            one["VariantName"]: (one["CurrentInstanceCount"], one["CurrentWeight"])
            for one in described["ProductionVariants"]
        }
        assert counts == {"one": (1, 0.0), "two": (2, 1.0)} and running(service) == 3
        start = len(load.answers) + 4  # what was under way may have gone to the old weights
        until(lambda: len(load.answers) > start + 50)
        assert set(load.answers[start:]) == {"two"}
        change(EndpointName=endpoint, DesiredWeightsAndCapacities=[{"VariantName": "two", "DesiredInstanceCount": 1}])
        service.in_service(endpoint)
        # An update may keep what was changed.
        update(
            service,
            endpoint,
            service.create_config(variant(one, "one"), variant(two, "two")),
            RetainAllVariantProperties=True,
        )
        described = service.settled(endpoint)
    assert {one["VariantName"]: one["CurrentWeight"] for one in described["ProductionVariants"]} == {
        "one": 0.0,
        "two": 1.0,
    }
    assert not [answer for answer in load.answers if isinstance(answer, Exception)]
    assert running(service) == 2


def test_an_endpoint_that_is_being_updated_is_not_deleted_nor_updated(service):
    endpoint = service.deploy({"WHO": "old"})
    update(service, endpoint, service.config_of({"NEVER_READY": "1"}))
    until(lambda: running(service) == 2)
    for refused in (
        lambda: service.sagemaker.delete_endpoint(EndpointName=endpoint),
        lambda: update(service, endpoint, service.config_of()),
        lambda: service.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=endpoint, DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredWeight": 1}]
        ),
    ):
        with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
            refused()
    assert service.who(endpoint) == "old"
