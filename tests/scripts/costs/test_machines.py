"""What each verb is about to start, and the sentence about its costs."""

import pytest

from scripts.aws.machines import duration, of_endpoint, of_training, of_transform, of_tuning
from scripts.aws.prices import cost_in_words, running_cost, usd
from scripts.config.settings import load_settings

HOUR = 3600


@pytest.fixture
def settings():
    return load_settings(environment={})


def changed(settings, section: str, **keys):
    return settings.model_copy(update={section: getattr(settings, section).model_copy(update=keys)})


def test_a_training_job_costs_at_most_its_longest_run_on_every_instance(settings):
    several = of_training(changed(settings, "train", instance_count=3))
    assert (several.count, several.seconds) == (3, 3 * 6 * HOUR)
    assert several.quota == "ml.g4dn.xlarge for training job usage"
    said = cost_in_words(several, 0.8)
    assert said == (
        "3 x ml.g4dn.xlarge cost 2.40 USD an hour, at most 14.40 USD in all. The job is ended after 6 hours "
        "(train.max-runtime-seconds)."
    )


def test_the_warm_pool_after_a_job_costs_what_the_job_did_and_trials_have_none(settings):
    kept = changed(settings, "train", instance_count=2, keep_alive_seconds=1800)
    assert cost_in_words(of_training(kept), 1.0) == (
        "2 x ml.g4dn.xlarge cost 2.00 USD an hour, at most 13.00 USD in all. The job is ended after 6 hours "
        "(train.max-runtime-seconds), and its instances then wait 30 minutes for another job at the same price "
        "(train.keep-alive-seconds)."
    )
    assert "together at most 13 hours of one instance" in cost_in_words(of_training(kept), None)
    assert of_tuning(kept) == of_tuning(changed(settings, "train", instance_count=2))


def test_without_a_price_it_is_the_instance_type_the_hour_and_the_longest_run(settings):
    said = cost_in_words(of_training(settings), None)
    assert said.startswith(
        "ml.g4dn.xlarge costs by the hour, together at most 6 hours of one instance. The job is ended"
    )


def test_spot_capacity_has_a_quota_of_its_own_and_costs_less(settings):
    spot = of_training(changed(settings, "train", spot=True))
    assert spot.quota == "ml.g4dn.xlarge for spot training job usage" and spot.component == "Training"
    assert "Spot capacity costs less" in cost_in_words(spot, 0.8)


def test_a_search_is_capped_by_its_trials_or_by_its_own_end_whichever_comes_first(settings):
    by_end = of_tuning(settings)  # 16 trials of 6 hours, 2 at a time, and a day for all
    assert (by_end.count, by_end.seconds) == (2, 2 * 24 * HOUR) and "The search is ended after 24 hours" in by_end.end
    few = of_tuning(changed(settings, "tune", max_jobs=4))
    assert few.seconds == 4 * 6 * HOUR and "Each of the 4 trials is ended after 6 hours" in few.end
    endless = of_tuning(changed(settings, "tune", max_runtime_seconds=0))
    assert endless.seconds == 16 * 6 * HOUR
    several = of_tuning(changed(changed(settings, "tune", parallel=3), "train", instance_count=2))
    assert several.count == 6
    assert of_tuning(settings, with_features=True).seconds == by_end.seconds + 6 * HOUR


def test_an_endpoint_costs_until_it_is_deleted(settings):
    machines = of_endpoint(settings)
    assert machines.seconds is None and machines.component == "Hosting"
    said = cost_in_words(machines, 1.0)
    assert said.startswith("ml.g4dn.xlarge costs 1.00 USD an hour, 24.00 USD a day. It costs until `make delete`")
    ends = of_endpoint(changed(settings, "deploy", instance_count=2), 4 * HOUR)
    assert cost_in_words(ends, 1.0) == (
        "2 x ml.g4dn.xlarge cost 2.00 USD an hour, at most 8.00 USD in all. The endpoint is deleted after 4 hours."
    )


def test_autoscaling_may_cost_more_and_serverless_has_no_machines(settings):
    scaled = of_endpoint(changed(settings, "autoscaling", max_instances=3), HOUR)
    assert (scaled.count, scaled.most, scaled.seconds) == (1, 3, 3 * HOUR)
    assert "autoscaling may bring 3 instances, 3.00 USD an hour" in cost_in_words(scaled, 1.0)
    assert of_endpoint(changed(settings, "deploy", mode="serverless")) is None


def test_a_transform_job_has_no_end_but_its_own(settings):
    machines = of_transform(settings)
    assert machines.quota == "ml.g4dn.xlarge for transform job usage" and machines.component == "BatchTransform"
    said = cost_in_words(machines, 0.9)
    assert said.startswith("ml.g4dn.xlarge costs 0.90 USD an hour. The job ends with its last picture")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (21_600, "6 hours"),
        (5_400, "1.5 hours"),
        (3_600, "1 hour"),
        (86_400, "24 hours"),
        (172_800, "2 days"),
        (90, "1.5 minutes"),
        (1, "1 second"),
    ],
)
def test_times_are_said_in_their_largest_unit(seconds, words):
    assert duration(seconds) == words


def test_what_runs_is_told_with_what_it_has_come_to():
    assert running_cost("by the hour, 2 instances", 1.5, 2, 2 * 1800) == (
        "by the hour, 2 instances, 3.00 USD an hour, about 1.50 USD so far"
    )
    assert running_cost("by the hour", None, 2, 9) == "by the hour"
    assert usd(0.0123) == "0.012 USD" and usd(1234.5) == "1,234.50 USD"


def test_an_endpoint_that_scales_to_zero_costs_nothing_there(settings):
    to_zero = of_endpoint(changed(settings, "autoscaling", max_instances=2, min_instances=0))
    said = cost_in_words(to_zero, 1.0)
    assert "Some minutes after the last request it has no instance, and costs nothing until the next one" in said
    assert "autoscaling may bring 2 instances" in said and "It costs until" not in said
