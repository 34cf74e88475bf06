"""When a worker ends, those that wait for it hear 503, and those that have an answer get it."""

import threading
import time

import pytest

from container.serving.server.invocations_in_progress import InvocationsInProgress


@pytest.fixture
def invocation(request_of):
    return lambda: request_of(b"x", "text/plain")


def wait_in_thread(in_progress, invocation, sent):
    """A connection's thread: it waits for the invocation's answer and sends it."""
    entered = threading.Event()

    def connection():
        with in_progress.taken(invocation) as wanted:
            entered.set()
            if wanted:
                invocation.done.wait()
            sent.append(invocation.context.get_response_status(0)[0])

    thread = threading.Thread(target=connection)
    thread.start()
    entered.wait()
    return thread


def test_those_that_wait_hear_503_and_nothing_new_is_taken(invocation, outcome):
    in_progress, sent, waiting = InvocationsInProgress(60), [], [invocation(), invocation()]
    threads = [wait_in_thread(in_progress, one, sent) for one in waiting]
    in_progress.give_up(10)
    assert sent == [503, 503]  # before it returns
    for thread in threads:
        thread.join()
    status, content_type, body = outcome(waiting[0])
    assert (status, content_type, body["error"]["status"]) == (503, "application/json", 503)
    late = invocation()
    with in_progress.taken(late) as wanted:
        assert not wanted and outcome(late)[0] == 503


def test_what_is_answered_already_is_sent_as_it_is(invocation):
    in_progress, sent, answered = InvocationsInProgress(60), [], invocation()
    answered.context.set_response_status(200, "OK", 0)
    answered.done.set()
    thread = wait_in_thread(in_progress, answered, sent)
    in_progress.give_up(10)
    thread.join()
    assert sent == [200]


def test_it_does_not_wait_for_ever_for_a_connection_that_hangs(invocation):
    in_progress = InvocationsInProgress(60)
    with in_progress.taken(invocation()):
        began = time.monotonic()
        in_progress.give_up(0.1)
        assert time.monotonic() - began < 5


def test_a_job_that_is_older_than_its_client_waits_is_not_computed(invocation, outcome):
    in_progress, old = InvocationsInProgress(5), invocation()
    old.arrived -= 6
    with in_progress.taken(old) as wanted:
        assert not wanted and outcome(old)[0] == 503
