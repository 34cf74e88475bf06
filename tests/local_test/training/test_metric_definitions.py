"""MetricDefinitions: what the regexes of a request read out of a log."""

import pytest

from local_test.api.errors import ValidationException
from local_test.training.metric_definitions import MetricDefinitions


def values(line, *definitions):
    return MetricDefinitions([{"Name": name, "Regex": regex} for name, regex in definitions]).values(line)


def test_the_first_group_is_the_value():
    line = "epoch=3 valid_loss=0.8123 valid_accuracy=0.7345"
    assert values(line, ("loss", r"valid_loss=(\S+)"), ("accuracy", r"valid_accuracy=(\S+)")) == [("loss", 0.8123), ("accuracy", 0.7345)]


def test_every_match_in_a_line_counts():
    assert values("loss=1 loss=2.5e-3;", ("loss", r"loss=([0-9.e-]+)")) == [("loss", 1.0), ("loss", 0.0025)]


def test_what_is_no_number_is_not_a_value():
    assert values("loss=none", ("loss", r"loss=(\S+)")) == []


@pytest.mark.parametrize(("regex", "why"), [("loss=(", "does not compile"), (r"loss=\S+", "no group")])
def test_a_regex_that_can_never_give_a_value_is_refused_by_the_metrics_name(regex, why):
    with pytest.raises(ValidationException, match=f"metric loss.*{why}"):
        values("", ("loss", regex))
