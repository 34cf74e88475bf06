"""Following a log: lines come together as they come, and what of its end was not seen is known."""

import threading

import pytest

from local_test.training.job_log import MOST, as_they_come, missing


def test_lines_that_are_there_come_together():
    batches = list(as_they_come(str(number) for number in range(5 * MOST)))
    assert [line for batch in batches for line in batch] == [str(number) for number in range(5 * MOST)]
    assert len(batches) < MOST


def test_a_line_is_handed_on_before_the_next_is_there():
    goes_on = threading.Event()

    def slow():
        yield "first"
        assert goes_on.wait(10)
        yield "second"

    batches = as_they_come(slow())
    assert next(batches) == ["first"]
    goes_on.set()
    assert list(batches) == [["second"]]


def test_what_goes_wrong_comes_through_after_the_lines_before_it():
    def broken():
        yield "first"
        raise OSError("cut off")

    seen = []
    with pytest.raises(OSError, match="cut off"):
        for batch in as_they_come(broken()):
            seen += batch
    assert seen == ["first"]


def test_nobody_waits_for_a_reader_that_has_left():
    ended = threading.Event()

    def endless():
        try:
            while True:
                yield "line"
        finally:
            ended.set()

    batches = as_they_come(endless())
    next(batches)
    batches.close()
    assert ended.wait(10)


@pytest.mark.parametrize(
    ("seen", "end", "more"),
    [
        (b"one\ntwo", b"one\ntwo", b""),
        (b"zero\none\n", b"one\ntwo", b"two"),
        (b"x\nx\n", b"x\nx", b"x"),
        (b"", b"", b""),
        (b"", b"one", b"one"),
    ],
)
def test_the_end_that_was_not_seen_is_found_and_nothing_comes_twice(seen, end, more):
    assert missing(seen, end) == more
