"""Concurrency, payload size and strategy: the request's word, else the container's, else AWS's defaults."""

import pytest

from local_test.transform.limits import Limits, batch_environment, effective_limits, leaves_something_open

EVERYTHING = {"MaxConcurrentTransforms": 4, "MaxPayloadInMB": 2, "BatchStrategy": "SingleRecord"}


def test_the_defaults_are_those_of_aws():
    assert effective_limits({}, {}) == Limits(1, 6, "MultiRecord")
    assert effective_limits({}, {}).most_bytes == 6 * 1024 * 1024


def test_the_container_has_a_say_where_the_request_has_none():
    answer = {"MaxConcurrentTransforms": 8, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 3}
    assert effective_limits({}, answer) == Limits(8, 3, "SingleRecord")
    assert effective_limits({"MaxConcurrentTransforms": 0}, answer) == Limits(8, 3, "SingleRecord")
    assert effective_limits(EVERYTHING, answer) == Limits(4, 2, "SingleRecord")
    assert effective_limits({"MaxPayloadInMB": 1}, {"BatchStrategy": "MultiRecord"}) == Limits(1, 1, "MultiRecord")


def test_zero_megabytes_are_any_size():
    assert effective_limits({"MaxPayloadInMB": 0}, {"MaxPayloadInMB": 3}).most_bytes is None


@pytest.mark.parametrize(
    "answer",
    [
        {"MaxConcurrentTransforms": 0},
        {"MaxConcurrentTransforms": 101},
        {"MaxConcurrentTransforms": "many"},
        {"MaxConcurrentTransforms": True},
        {"MaxPayloadInMB": -1},
        {"MaxPayloadInMB": 101},
        {"MaxPayloadInMB": 1.5},
        {"BatchStrategy": "ALL"},
        {"BatchStrategy": ["SINGLE_RECORD"]},
    ],
)
def test_an_answer_without_sense_is_told(answer):
    with pytest.raises(ValueError, match=r"answered GET /execution-parameters with .* must be a whole number"):
        effective_limits({}, answer)


def test_the_container_is_asked_only_when_something_is_open():
    assert not leaves_something_open(EVERYTHING)
    assert not leaves_something_open({**EVERYTHING, "MaxPayloadInMB": 0})
    assert leaves_something_open({**EVERYTHING, "MaxConcurrentTransforms": 0})
    for name in EVERYTHING:
        assert leaves_something_open({field: value for field, value in EVERYTHING.items() if field != name})


def test_the_environment_tells_limits_only_when_the_user_set_them():
    assert batch_environment({}) == {"SAGEMAKER_BATCH": "true"}
    assert batch_environment(EVERYTHING) == {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "2",
        "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "4",
    }
