"""MetricDefinitions: what the regexes of a request read out of a log."""

import pytest

from local_test.api.errors import ValidationException
from local_test.training.metric_definitions import MetricScan, check


@pytest.fixture
def scan():
    scans = []

    def values(lines, *definitions):
        scans.append(MetricScan([{"Name": name, "Regex": regex} for name, regex in definitions]))
        return scans[-1].values(lines)

    yield values
    for one in scans:
        one.close()


def test_the_first_group_is_the_value(scan):
    line = "epoch=3 valid_loss=0.8123 valid_accuracy=0.7345"
    assert scan([line], ("loss", r"valid_loss=(\S+)"), ("accuracy", r"valid_accuracy=(\S+)")) == (
        [("loss", 0.8123), ("accuracy", 0.7345)],
        [],
    )


def test_every_match_counts_in_the_order_of_the_lines(scan):
    found, _ = scan(
        ["loss=1 loss=2.5e-3; é", "accuracy=1", "loss=3"], ("loss", r"loss=([0-9.e-]+)"), ("accuracy", r"accuracy=(\d)")
    )
    assert found == [("loss", 1.0), ("loss", 0.0025), ("accuracy", 1.0), ("loss", 3.0)]


def test_what_is_no_finite_number_is_not_a_value(scan):
    assert scan(["loss=none loss=nan loss=-inf loss=1e999"], ("loss", r"loss=(\S+)")) == ([], [])


def test_a_regex_that_would_take_for_ever_is_given_up_and_the_others_go_on():
    definitions = [{"Name": "slow", "Regex": "(a+)+b"}, {"Name": "loss", "Regex": "loss=([0-9]+)"}]
    scan = MetricScan(definitions)
    try:
        assert scan.values(["a" * 60 + " loss=1"]) == ([("loss", 1.0)], ["slow"])
        assert scan.values(["aab loss=2"]) == ([("loss", 2.0)], [])
    finally:
        scan.close()


@pytest.mark.parametrize(("regex", "why"), [("loss=(", "does not compile"), (r"loss=\S+", "no group")])
def test_a_regex_that_can_never_give_a_value_is_refused_by_the_metrics_name(regex, why):
    with pytest.raises(ValidationException, match=f"metric loss.*{why}"):
        check([{"Name": "loss", "Regex": regex}])
