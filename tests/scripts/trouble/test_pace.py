"""How many requests are under way at once, with a clock of the test's own."""

import threading

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, IncompleteReadError, NoCredentialsError

from scripts.aws.pace import Pace
from scripts.aws.waiting import LONGEST_TROUBLE

pytestmark = pytest.mark.usefixtures("slept")


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "Not so."}}, "PutObject")


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def telling(*said):
    """A request that meets these in turn: an error that is raised, or an answer."""
    left = list(said)

    def ask():
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    return ask


@pytest.mark.parametrize(
    "trouble",
    [
        refused("SlowDown"),
        refused("RequestLimitExceeded"),
        EndpointConnectionError(endpoint_url="x"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
)
def test_what_passes_is_asked_again_and_halves_what_may_be_under_way(trouble, capsys):
    pace = Pace(32, Clock())
    assert pace.call(telling(trouble, trouble, "answer")) == "answer"
    assert pace.allowed == 8
    assert capsys.readouterr().err.count("going on more slowly") == 1


@pytest.mark.parametrize(
    "error", [refused("ExpiredToken"), refused("AccessDenied"), NoCredentialsError(), ValueError()]
)
def test_what_does_not_pass_is_raised_at_once(error):
    pace = Pace(32, Clock())
    with pytest.raises(type(error)):
        pace.call(telling(error, "never"))
    assert pace.allowed == 32


def test_what_was_given_up_is_not_begun_again_by_another_thread():
    pace = Pace(32, Clock())
    with pytest.raises(ClientError):
        pace.call(telling(refused("ExpiredToken")))
    with pytest.raises(ClientError, match="ExpiredToken"):
        pace.call(lambda: "never asked")


def test_who_waits_for_a_turn_that_does_not_come_is_told():
    pace, begun, ended = Pace(1), threading.Event(), []

    def fail():
        begun.set()
        threading.Event().wait(0.05)  # until the others wait
        raise refused("AccessDenied")

    def call(ask):
        with pytest.raises(ClientError):
            pace.call(ask)
        ended.append(1)

    threads = [threading.Thread(target=call, args=(fail,), daemon=True)]
    threads[0].start()
    begun.wait(10)
    threads += [threading.Thread(target=call, args=(lambda: "never asked",), daemon=True) for _ in range(5)]
    for one in threads[1:]:
        one.start()
    for one in threads:
        one.join(10)
    assert len(ended) == 6


def test_answers_let_more_through_again_but_never_more_than_at_first():
    pace = Pace(8, Clock())
    pace.call(telling(*[refused("SlowDown")] * 9, "answer"))
    assert pace.allowed == 2  # never none; and one answer has come
    for _ in range(100):
        pace.call(lambda: "answer")
    assert pace.allowed == 8


def test_what_fails_together_counts_once():
    pace, together = Pace(32, Clock()), threading.Barrier(16)
    first = threading.local()

    def ask():
        if not hasattr(first, "done"):
            first.done = True
            together.wait(10)
            raise refused("SlowDown")
        return "answer"

    threads = [threading.Thread(target=pace.call, args=(ask,)) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert 16 <= pace.allowed <= 17


def test_no_more_than_allowed_are_under_way():
    pace, most, now = Pace(4), [], []

    def ask():
        now.append(1)
        most.append(len(now))
        threading.Event().wait(0.002)
        now.pop()

    threads = [threading.Thread(target=pace.call, args=(ask,)) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert max(most) <= 4 and len(most) == 20


def test_trouble_that_does_not_end_is_raised_and_an_answer_between_counts():
    clock = Clock()
    pace = Pace(4, clock)

    def late(error):
        clock.now += LONGEST_TROUBLE * 0.6
        raise error

    def asking(*steps):
        left = list(steps)

        def ask():
            step = left.pop(0)
            return step() if callable(step) else step

        return ask

    trouble = lambda: late(refused("SlowDown"))  # noqa: E731
    assert pace.call(asking(trouble, trouble, "answer")) == "answer"
    assert pace.call(asking(trouble, trouble, "answer")) == "answer"
    with pytest.raises(ClientError):
        pace.call(asking(trouble, trouble, trouble, "never"))
