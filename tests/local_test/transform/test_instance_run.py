"""One instance's objects: order, requests at once, bounded reading ahead, failures that stay with their object."""

import threading
import tracemalloc

import pytest

from local_test.transform.data_processing import data_processing
from local_test.transform.instance_run import WAITING_PER_REQUEST, run_objects
from local_test.transform.invocations import InvocationFailed
from local_test.transform.job_objects import InputObject, ObjectOutput
from local_test.transform.mini_batches import Cutting

DEADLINE = 30
LINES = Cutting(gzipped=False, split="Line", strategy="SingleRecord", most_bytes=1000)


class Run:
    """Objects of a folder, run with `send`; afterwards what became of each."""

    def __init__(self, folder):
        self.folder, self.over, self.failures = folder, threading.Event(), []

    def __call__(self, objects, send, concurrent=1, cutting=LINES, processing=None):
        outputs = []
        for number, data in enumerate(objects):
            path = self.folder / f"in-{number}"
            if data is not None:
                path.write_bytes(data)
            outputs.append(
                ObjectOutput(InputObject(number, f"s3://b/{number}", path, f"{number}.out"), self.folder, True)
            )
        run_objects(
            outputs, cutting, processing, send, concurrent, self.over, lambda *failure: self.failures.append(failure)
        )
        written = [one.path.read_bytes() if one.done else one.failure for one in outputs]
        for one in outputs:
            one.abandon()
        return written


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def numbers(first, end):
    return b"".join(b"%d\n" % number for number in range(first, end))


def counting():
    """A list of what has been read, and single lines that are noted there."""
    read = []

    class Counting(Cutting):
        def mini_batches(self, path):
            for batch in super().mini_batches(path):
                read.append(batch)
                yield batch

    return read, Counting(LINES.gzipped, LINES.split, LINES.strategy, LINES.most_bytes)


def test_answers_stand_in_the_order_of_the_records_however_they_come(run):
    gates = {number: threading.Event() for number in range(8)}

    def send(body):
        number = int(body)
        # Of each four the last answers first.
        if number % 4 != 3:
            assert gates[number + 1].wait(DEADLINE)
        gates[number].set()
        return body

    assert run([numbers(0, 6), numbers(6, 8)], send, concurrent=4) == [numbers(0, 6), numbers(6, 8)]


def test_so_many_requests_are_under_way_at_once_and_no_more(run):
    together, lock, now, most = threading.Barrier(3, timeout=DEADLINE), threading.Lock(), 0, 0

    def send(body):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait()  # passes only when three are here
        with lock:
            now -= 1
        return body

    run([numbers(0, 6), b"6\n", b"7\n", b"8\n"], send, concurrent=3)
    assert most == 3


def test_no_more_is_read_ahead_than_a_few_payloads_for_each_request(run):
    read, cutting = counting()
    sent = []

    def send(body):
        assert len(read) <= len(sent) + 2 * WAITING_PER_REQUEST + 2 + 2
        sent.append(body)
        return body

    assert run([numbers(0, 200)], send, concurrent=2, cutting=cutting) == [numbers(0, 200)]
    assert len(read) == 200


def test_memory_does_not_grow_with_the_object(run):
    megabyte = 1 << 20
    line = b"x" * 1023 + b"\n"
    (run.folder / "in-0").write_bytes(line * 1024 * 64)
    cutting = Cutting(gzipped=False, split="Line", strategy="MultiRecord", most_bytes=megabyte)
    tracemalloc.start()
    try:
        (written,) = run([None], lambda body: b"%d" % len(body), concurrent=2, cutting=cutting)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert written == b"%d\n" % megabyte * 64
    assert peak < 16 * megabyte


def test_a_failing_record_costs_its_object_and_no_other(run):
    def send(body):
        if body == b"bad":
            raise InvocationFailed(400, "no such\ncolumn")
        return body

    assert run([b"1\n2\n", b"1\nbad\n3\nbad\n", b"5\n"], send, concurrent=2) == [
        b"1\n2\n",
        'the container answered 400 to record 2: "no such column".',
        b"5\n",
    ]
    assert [(output.source.number, failure.status) for output, failure in run.failures] == [(1, 400)]


@pytest.mark.parametrize(
    ("status", "client_fault"), [(400, True), (413, True), (500, False), (503, False), (None, False)]
)
def test_a_4xx_is_the_inputs_fault_and_anything_else_the_containers(run, status, client_fault):
    def send(body):
        raise InvocationFailed(status, "why")

    run([b"1\n"], send)
    assert run.failures[0][0].client_fault is client_fault


def test_a_record_that_is_too_large_costs_its_object_and_no_other(run):
    written = run([b"1\n" + b"x" * 2000 + b"\n3\n", b"2\n", None], lambda body: body)
    assert "record 2 is larger than MaxPayloadInMB" in written[0]
    assert written[1] == b"2\n"
    assert "overwritten or deleted" in written[2]


def test_the_first_failure_of_an_object_is_told_not_the_one_that_came_first(run):
    second_failed = threading.Event()

    def send(body):
        if body == b"2":
            second_failed.set()
        else:
            assert second_failed.wait(DEADLINE)
        raise InvocationFailed(400, body.decode())

    assert run([b"1\n2\n"], send, concurrent=2) == ['the container answered 400 to record 1: "1".']


def test_records_after_a_failure_are_neither_read_nor_sent(run):
    read, cutting = counting()
    sent = []

    def send(body):
        sent.append(body)
        raise InvocationFailed(400, "")

    run([numbers(0, 1000)], send, cutting=cutting)
    assert len(sent) < 10 and len(read) < 10


def test_a_job_that_is_over_sends_no_more_and_nothing_of_it_is_done_or_failed(run):
    def send(body):
        if body == b"2":
            run.over.set()
            raise InvocationFailed(None, "the connection broke")
        return body

    assert run([b"0\n1\n2\n" + numbers(3, 1000), b"1\n"], send) == [None, None]
    assert run.failures == []


def test_input_and_answer_are_processed_for_each_record(run):
    processing = data_processing(
        {
            "TransformInput": {"ContentType": "text/csv", "SplitType": "Line"},
            "TransformOutput": {},
            "DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input"},
        }
    )
    written = run([b"id1,2\nid2,3\n", b"id1,2\n", b""], lambda body: b"%d" % (int(body) * 2), processing=processing)
    assert written == [b"id1,2,4\nid2,3,6\n", b"id1,2,4\n", b""]


def test_a_payload_of_any_size_is_processed(run):
    processing = data_processing(
        {
            "TransformInput": {"ContentType": "text/csv", "SplitType": "Line"},
            "TransformOutput": {},
            "DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input"},
        }
    )
    whole = Cutting(gzipped=False, split="Line", strategy="MultiRecord", most_bytes=None)
    sent = run([b"id1,2\nid2,3\n", b"no number,\xff\n"], lambda body: b"".join(body()), 1, whole, processing)
    assert sent[0] == b"id1,2,2\nid2,3,3\n"
    assert sent[1].startswith("the object: the input is not CSV")


def test_an_answer_that_cannot_be_joined_fails_its_object(run):
    processing = data_processing(
        {
            "TransformInput": {"ContentType": "application/jsonlines", "SplitType": "Line"},
            "TransformOutput": {},
            "DataProcessing": {"JoinSource": "Input"},
        }
    )
    (failure,) = run([b'{"a":1}\n'], lambda body: b"oops", processing=processing)
    assert failure.startswith("record 1: the container's answer is not JSON")
