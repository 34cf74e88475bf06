"""When an engine ends, those that wait for it hear 503, and those that have an answer get it."""

import threading
import time

import pytest

from container.serving.server.invocations_in_progress import UnderWay


@pytest.fixture
def job(request_of):
    return lambda: request_of(b"x", "text/plain")


def wait_in_thread(under_way, job, sent):
    """A connection's thread: it waits for the job's answer and sends it."""
    entered = threading.Event()

    def connection():
        with under_way.taken(job) as wanted:
            entered.set()
            if wanted:
                job.done.wait()
            sent.append(job.context.get_response_status(0)[0])

    thread = threading.Thread(target=connection)
    thread.start()
    entered.wait()
    return thread


def test_those_that_wait_hear_503_and_nothing_new_is_taken(job, outcome):
    under_way, sent, waiting = UnderWay(60), [], [job(), job()]
    threads = [wait_in_thread(under_way, one, sent) for one in waiting]
    under_way.give_up(10)
    assert sent == [503, 503]  # before it returns
    for thread in threads:
        thread.join()
    status, content_type, body = outcome(waiting[0])
    assert (status, content_type, body["error"]["status"]) == (503, "application/json", 503)
    late = job()
    with under_way.taken(late) as wanted:
        assert not wanted and outcome(late)[0] == 503


def test_what_is_answered_already_is_sent_as_it_is(job):
    under_way, sent, answered = UnderWay(60), [], job()
    answered.context.set_response_status(200, "OK", 0)
    answered.done.set()
    thread = wait_in_thread(under_way, answered, sent)
    under_way.give_up(10)
    thread.join()
    assert sent == [200]


def test_it_does_not_wait_for_ever_for_a_connection_that_hangs(job):
    under_way = UnderWay(60)
    with under_way.taken(job()):
        began = time.monotonic()
        under_way.give_up(0.1)
        assert time.monotonic() - began < 5


def test_a_job_that_is_older_than_its_client_waits_is_not_computed(job, outcome):
    under_way, old = UnderWay(5), job()
    old.arrived -= 6
    with under_way.taken(old) as wanted:
        assert not wanted and outcome(old)[0] == 503
