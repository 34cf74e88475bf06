"""Shares of the traffic: between variants, instances, and the fleets of an update."""

import pytest

from local_test.serving.blue_green import DeploymentPlan, Step, plan_deployment
from local_test.serving.capacities import with_retained
from local_test.serving.router import choose_by_weight, choose_instance
from local_test.serving.variant_plan import plan_variant, pool_summaries


def policy(kind, wait=10, **more):
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": wait, **more}}
    }


def size(kind, value):
    return {"Type": kind, "Value": value}


def test_variants_are_chosen_in_proportion_to_their_weights():
    points = [index / 1000 for index in range(1000)]
    chosen = [choose_by_weight({"a": 3, "b": 0, "c": 1}, point) for point in points]
    assert {name: chosen.count(name) for name in "abc"} == {"a": 750, "b": 0, "c": 250}


def test_a_weight_of_0_gets_nothing_even_at_the_edges():
    assert choose_by_weight({"a": 0, "b": 1e-9}, 0.0) == "b"
    assert choose_by_weight({"a": 0.1, "b": 0.2, "c": 0}, 0.9999999999999999) == "b"
    with pytest.raises(ValueError, match="weight 0"):
        choose_by_weight({"a": 0}, 0.5)


def test_least_outstanding_requests_takes_an_idlest_instance():
    assert choose_instance([2, 0, 1], "LEAST_OUTSTANDING_REQUESTS", 0.99) == 1
    assert {choose_instance([1, 0, 0], "LEAST_OUTSTANDING_REQUESTS", point) for point in (0.0, 0.49, 0.5, 0.99)} == {
        1,
        2,
    }
    assert {choose_instance([9, 0], "RANDOM", point) for point in (0.0, 0.99)} == {0, 1}


def test_without_a_policy_all_traffic_moves_at_once():
    assert plan_deployment(None, 1) == DeploymentPlan((Step(1.0, 0),), 0, None, ())


def test_a_canary_is_watched_twice():
    assert plan_deployment(policy("CANARY", CanarySize=size("CAPACITY_PERCENT", 10)), 2).steps == (
        Step(0.1, 10),
        Step(1.0, 10),
    )
    assert plan_deployment(policy("CANARY", CanarySize=size("INSTANCE_COUNT", 1)), 4).steps[0].share == 0.25


def test_linear_steps_end_with_all_of_the_traffic():
    plan = plan_deployment(policy("LINEAR", LinearStepSize=size("CAPACITY_PERCENT", 30)), 2)
    assert [round(step.share, 6) for step in plan.steps] == [0.3, 0.6, 0.9, 1.0]
    assert len(plan_deployment(policy("LINEAR", LinearStepSize=size("CAPACITY_PERCENT", 10)), 2).steps) == 10


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (policy("CANARY", CanarySize=size("CAPACITY_PERCENT", 60)), "at most 50%"),
        (policy("LINEAR", LinearStepSize=size("CAPACITY_PERCENT", 5)), "from 10% to 50%"),
        (policy("LINEAR"), "needs LinearStepSize"),
    ],
)
def test_steps_that_aws_refuses_are_refused(given, named):
    with pytest.raises(ValueError, match=named):
        plan_deployment(given, 2)


@pytest.mark.parametrize("kind", ["CANARY", "LINEAR"])
def test_a_part_of_the_traffic_is_not_shifted_to_a_single_instance(kind):
    with pytest.raises(ValueError, match=f"type {kind} needs at least 2 instances"):
        plan_deployment(policy(kind, CanarySize=size("CAPACITY_PERCENT", 10)), 1)
    plan_deployment(policy("ALL_AT_ONCE"), 1)


def test_waits_limits_and_alarms_are_taken_over():
    given = policy("ALL_AT_ONCE", 5)
    given["BlueGreenUpdatePolicy"] |= {"TerminationWaitInSeconds": 7, "MaximumExecutionTimeoutInSeconds": 600}
    given["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": "a"}, {"AlarmName": "b"}]}
    assert plan_deployment(given, 2) == DeploymentPlan((Step(1.0, 5),), 7, 600, ("a", "b"))


def test_a_variant_is_planned_as_its_configuration_says():
    model = {"ModelName": "m"}
    plain = plan_variant({"VariantName": "v", "InitialInstanceCount": 3}, model)
    assert (plain.count, plain.weight, plain.strategy, plain.seconds_to_ready) == (3, 1.0, "RANDOM", 480)
    assert (plain.memory_mb, plain.max_concurrency) == (None, None)
    asked = plan_variant(
        {"VariantName": "v", "InitialInstanceCount": 1, "ContainerStartupHealthCheckTimeoutInSeconds": 90}, model
    )
    assert asked.seconds_to_ready == 90
    serverless = plan_variant(
        {"VariantName": "v", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 7}}, model
    )
    assert (serverless.count, serverless.memory_mb, serverless.max_concurrency) == (1, 2048, 7)


@pytest.mark.parametrize(
    ("asked", "mode", "megabytes"),
    [
        ({"InstanceType": "ml.m5.large"}, "MultiModel", 8192),
        ({"InstanceType": "ml.g4dn.xlarge"}, "MultiModel", 2 * 16384),  # its GPU has as much
        ({"InstanceType": "ml.p2.xlarge"}, "MultiModel", None),  # EC2 no longer lists it
        ({"InstanceType": "ml.m5.large"}, "SingleModel", None),
        ({"ServerlessConfig": {"MemorySizeInMB": 2048}}, "SingleModel", 2048),
    ],
)
def test_a_container_of_many_models_has_the_memory_of_its_instance_type(asked, mode, megabytes):
    model = {"ModelName": "m", "PrimaryContainer": {"Image": "a", "Mode": mode}}
    assert plan_variant({"VariantName": "v", **asked}, model).container_memory_mb == megabytes


def test_the_memory_of_a_variant_is_that_of_the_instance_type_it_prefers():
    model = {"ModelName": "m", "PrimaryContainer": {"Image": "a", "Mode": "MultiModel"}}
    pools = [{"InstanceType": "ml.m5.large", "Priority": 2}, {"InstanceType": "ml.m5.xlarge", "Priority": 1}]
    alone, pooled = (
        plan_variant({"VariantName": "v", **asked}, model).container_memory_mb
        for asked in ({"InstanceType": "ml.m5.xlarge"}, {"InstancePools": pools})
    )
    assert pooled == alone


def test_the_instances_of_a_variant_are_all_in_the_pool_it_prefers():
    pools = [{"InstanceType": "ml.m5.large", "Priority": 2}, {"InstanceType": "ml.m5.xlarge", "Priority": 1}]
    assert pool_summaries({"InstancePools": pools}, 3) == [
        {"InstanceType": "ml.m5.xlarge", "CurrentInstanceCount": 3},
        {"InstanceType": "ml.m5.large", "CurrentInstanceCount": 0},
    ]
    assert pool_summaries({"InstanceType": "ml.m5.large"}, 3) == []


def config(count, weight, **more):
    return {
        "EndpointConfigName": f"of-{count}",
        "ProductionVariants": [{"VariantName": "v", "InitialInstanceCount": count, "InitialVariantWeight": weight}],
        **more,
    }


def test_retained_properties_are_those_of_the_deployed_variants():
    new, old = config(1, 1.0), config(3, 0.5)
    new["ProductionVariants"].append({"VariantName": "added", "InitialInstanceCount": 2, "InitialVariantWeight": 9.0})
    kept = with_retained(new, old, [])
    assert kept["EndpointConfigName"] == "of-1"
    assert [(one["InitialInstanceCount"], one["InitialVariantWeight"]) for one in kept["ProductionVariants"]] == [
        (3, 0.5),
        (2, 9.0),
    ]


@pytest.mark.parametrize("excluded", [[], [{"VariantPropertyType": "DataCaptureConfig"}]])
def test_what_is_captured_follows_the_new_configuration(excluded):
    captured = {"InitialSamplingPercentage": 5}
    kept = with_retained(config(1, 1.0, DataCaptureConfig=captured), config(3, 0.5, DataCaptureConfig={}), excluded)
    assert kept["DataCaptureConfig"] == captured
    assert "DataCaptureConfig" not in with_retained(config(1, 1.0), config(3, 0.5, DataCaptureConfig={}), excluded)


def test_excluded_properties_are_those_of_the_new_configuration():
    kept = with_retained(config(1, 1.0), config(3, 0.5), [{"VariantPropertyType": "DesiredInstanceCount"}])
    assert kept == config(1, 0.5)
