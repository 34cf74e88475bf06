"""A worker that hangs, or that fails for a reason of its own, is ended and another started; one that rejects its
inputs is left alone.
"""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving.conftest import wait_for

SECONDS = {"SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS": "4"}
# "hang" waits for a lock that nobody gives back; "spin" never leaves C, with the interpreter's lock held.
HANGING = """
import ctypes, json, threading, time
def model_fn(d): return threading.Lock()
def input_fn(body, content_type): return json.loads(body)
def predict_fn(value, lock):
    if value == "hang":
        lock.acquire()
        lock.acquire()
    if value == "spin": ctypes.PyDLL(None).pause()
    if isinstance(value, float): time.sleep(value)
    return value
def output_fn(value, accept): return json.dumps(value), "application/json"
"""
STICKY = """
import json
state = []
def model_fn(d): return 1
def input_fn(body, content_type): return json.loads(body)
def predict_fn(value, model):
    if value == "break": state.append(1)
    if state: raise RuntimeError("CUDA error: an illegal memory access was encountered")
    if value == "odd": raise ValueError("this model takes no odd values")
    return value
def output_fn(value, accept): return json.dumps(value), "application/json"
"""


def ask(served, value):
    return served.invoke(json.dumps(value).encode(), "application/json")


@pytest.mark.parametrize("value", ["hang", "spin"])
def test_a_predict_fn_that_hangs_costs_its_own_request_and_a_worker(serve, model_folder, value):
    with serve(model_folder({"code/inference.py": HANGING}, None), SECONDS) as served:
        [worker] = served.workers()
        assert ask(served, 1).body == b"1"
        seen = set()
        with ThreadPoolExecutor(1) as pool:
            began = time.monotonic()
            hung = pool.submit(ask, served, value)
            wait_for(lambda: hung.done() or seen.add(served.ping()))
            wait_for(lambda: served.ping() == 503, 10)
            wait_for(lambda: served.ping() == 200, 60)
        answer = hung.result()
        assert answer.status in (500, 503) and answer.error and 3.5 < time.monotonic() - began < 90
        assert ask(served, 2).body == b"2"
        [other] = served.workers()
        assert (
            other != worker
            and "a worker of the model in /opt/ml/model has worked on a request for 4 s without an answer" in served.log
        )


def test_requests_that_wait_for_a_worker_that_hangs_are_answered_or_told_to_try_again(serve, model_folder):
    with serve(model_folder({"code/inference.py": HANGING}, None), {**SECONDS, "DOGBREED_BATCH_SIZE": "4"}) as served:
        with ThreadPoolExecutor(40) as pool:
            hung = pool.submit(ask, served, "hang")
            wait_for(lambda: ask_quickly(served))
            waiting = list(pool.map(lambda number: ask(served, number), range(30)))
        assert hung.result().status == 503
        for number, answer in enumerate(waiting):
            assert answer.status in (200, 503), answer
            assert (
                answer.body == str(number).encode()
                if answer.status == 200
                else answer.headers["retry-after"] == "1" and answer.error
            )
        wait_for(lambda: served.ping() == 200, 60)
        assert ask(served, 1).body == b"1"


def ask_quickly(served) -> bool:
    """Whether the worker is busy with something else by now."""
    try:
        served.ask("POST", "/invocations", b"0", {"Content-Type": "application/json"}, seconds=0.3)
    except TimeoutError:
        return True
    return False


def test_the_other_worker_answers_while_one_hangs(serve, model_folder):
    with serve(
        model_folder({"code/inference.py": HANGING}, None), {**SECONDS, "SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
    ) as served:
        before = served.workers()
        with ThreadPoolExecutor(1) as pool:
            hung = pool.submit(ask, served, "hang")
            answers = served.invoke_all(
                [b"1"] * 16, at_once=16, content_type="application/json"
            )  # some go to the worker that hangs
        assert hung.result().status == 503
        assert {one.status for one in answers} <= {200, 503} and 200 in {one.status for one in answers}
        wait_for(lambda: len(set(served.workers()) - set(before)) == 1 and served.ping() == 200, 60)


def test_a_slow_batch_that_moves_is_not_taken_for_one_that_hangs(serve, model_folder):
    """Eight requests of 0.8 s each, answered one after the other: the batch takes longer than one answer may."""
    with serve(model_folder({"code/inference.py": HANGING}, None), SECONDS) as served:
        before = served.workers()
        answers = served.invoke_all([b"0.8"] * 16, at_once=16, content_type="application/json")
        assert {one.status for one in answers} <= {200, 503}
        assert served.workers() == before and "without an answer" not in served.log
        wait_for(lambda: ask(served, 1).status == 200, 30)


def test_a_worker_that_fails_whatever_it_is_asked_is_ended(serve, model_folder):
    with serve(model_folder({"code/inference.py": STICKY}, None)) as served:
        [worker] = served.workers()
        assert ask(served, 1).status == 200
        assert ask(served, "break").status == 500
        statuses = []
        wait_for(lambda: (statuses.append(ask(served, 1).status), statuses[-1] == 200)[1], 60)
        assert len(statuses) < 30 and set(statuses) <= {200, 500, 503}
        [other] = served.workers()
        assert (
            other != worker
            and "a worker of the model in /opt/ml/model is ended: 8 requests in a row failed with RuntimeError in "
            "predict_fn"
            in served.log
        )
        wait_for(lambda: served.ping() == 200, 30)


def test_a_worker_whose_model_rejects_inputs_is_not_ended(serve, model_folder):
    with serve(model_folder({"code/inference.py": STICKY}, None)) as served:
        before = served.workers()
        assert ask(served, 1).status == 200
        down, done = [], threading.Event()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: [down.append(1) for _ in iter(done.is_set, True) if served.ping() != 200])
            answers = served.invoke_all([b'"odd"'] * 200, at_once=8, content_type="application/json")
            done.set()
        assert {one.status for one in answers} == {500} and served.workers() == before and not down
        assert ask(served, 1).status == 200
