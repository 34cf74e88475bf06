"""A worker ends when it is broken itself, and goes on when its clients send what it rejects."""

import json

import pytest

from container.serving.request.invocation import cause_of
from container.serving.server.sticky_faults import IN_A_ROW, StickyFaults

# Handlers of a model that one input breaks for good, and that rejects others as many models do: with an exception.
BREAKABLE = """
import json
state = []
def model_fn(model_dir): return 1
def input_fn(body, content_type): return json.loads(body)
def predict_fn(value, model):
    if value == "break": state.append(1)
    if state: raise RuntimeError("the device is gone")
    if value == "odd": raise ValueError("odd")
    if value == "strange": raise KeyError(value)
    return value
def output_fn(value, accept): return json.dumps(value), "application/json"
"""


@pytest.fixture
def worker(load, request_of):
    """worker(values) -> the reason to end after each, in batches of one."""
    functions = load(BREAKABLE)
    sticky = StickyFaults(functions.answer, lambda: None)

    def worker(values):
        reasons = []
        for value in values:
            invocation = request_of(json.dumps(value).encode(), "application/json")
            functions.answer([invocation])
            reasons.append(sticky.reason_to_end([invocation]))
        return reasons

    return worker


def test_faults_in_a_row_end_it_when_a_request_fails_that_was_answered_before(worker):
    *earlier, last = worker(["fine", "break", *["fine"] * (IN_A_ROW - 1)])
    assert set(earlier) == {None}
    assert last.startswith(f"{IN_A_ROW} requests in a row failed with RuntimeError in predict_fn (inference.py, line ")


def test_a_model_that_rejects_its_inputs_goes_on(worker):
    assert set(worker(["fine", *["odd"] * 100, "fine", *["strange"] * 100])) == {None}


def test_one_answer_among_the_faults_shows_that_it_works(worker):
    assert set(worker([*["odd"] * (IN_A_ROW - 1), "fine"] * 5)) == {None}


def test_a_model_that_never_answered_is_not_started_anew_for_ever(worker):
    assert set(worker(["break"] * 50)) == {None}


def test_a_request_that_is_tried_again_is_tried_less_and_less_often(load, request_of):
    functions = load(BREAKABLE)
    tried = []
    sticky = StickyFaults(lambda invocations: (tried.append(1), functions.answer(invocations)), lambda: None)
    for value in ["fine", *["odd"] * 1000]:
        invocation = request_of(json.dumps(value).encode(), "application/json")
        functions.answer([invocation])
        assert sticky.reason_to_end([invocation]) is None
    assert len(tried) == 6  # after 8, 24, 56, 120, 248 and 504


def test_a_client_error_is_not_the_workers_fault(request_of):
    invocation = request_of(b"{}", "application/json")
    invocation.context.set_response_status(400, "Bad Request", 0)
    sticky = StickyFaults(
        lambda invocations: pytest.fail("nothing is to be tried"), lambda: pytest.fail("nor the device")
    )
    assert [sticky.reason_to_end([invocation]) for _ in range(50)] == [None] * 50


def test_a_broken_device_ends_it_at_once(request_of):
    invocation = request_of(b"{}", "application/json")
    invocation.context.set_response_status(500, "Internal Server Error", 0)
    invocation.fault = "RuntimeError"
    sticky = StickyFaults(
        lambda invocations: pytest.fail("nothing is to be tried"), lambda: "CUDA error: device-side assert triggered"
    )
    assert (
        sticky.reason_to_end([invocation])
        == "its device does not work any more: CUDA error: device-side assert triggered"
    )


def test_two_failures_have_one_cause_when_type_and_place_agree():
    def fail(message, kind=ValueError):
        raise kind(message)

    causes = []
    for arguments in (("a",), ("b",), ("a", KeyError)):
        try:
            fail(*arguments)
        except Exception as error:
            causes.append(cause_of(error))
    assert causes[0] == causes[1] != causes[2] and cause_of(SystemExit(3)) == "SystemExit"
