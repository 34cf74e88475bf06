"""/ping says what is true: before the model is loaded, after a worker's death, and when nothing can come of it."""

import json
import signal
import struct

import pytest

from tests.serving.conftest import exited, wait_for


def kill(served, pid):
    served.python(f"import os; os.kill({pid}, {int(signal.SIGKILL)})")


def test_ping_is_503_until_the_model_answers_and_then_an_invocation_succeeds(serve, picture):
    with serve(wait=False) as served:
        seen = []
        wait_for(lambda: (seen.append(served.ping()), seen[-1] == 200)[1], what=served.log)
        assert served.invoke(picture).status == 200
        assert set(seen) <= {0, 503, 200} and 503 in seen  # 0: nginx itself does not listen yet
        assert served.ask("GET", "/ping").body == b""


def test_a_slow_model_is_waited_for(serve, model_folder, picture):
    code = (
        "import time\nfrom container.serving import inference\ndef model_fn(model_dir):\n    time.sleep(4)\n"
        "    return inference.model_fn(model_dir)\n"
    )
    with serve(model_folder({"code/inference.py": code}), wait=False) as served:
        wait_for(lambda: served.ping() == 503)
        assert served.invoke(picture).headers["retry-after"] == "1"
        wait_for(lambda: served.ping() == 200)
        assert served.invoke(picture).status == 200


def test_after_a_workers_death_ping_is_503_until_another_answers(serve, picture):
    with serve() as served:
        [worker] = served.workers()
        kill(served, worker)
        wait_for(lambda: served.ping() == 503, 5)
        wait_for(lambda: served.ping() == 200, 60)
        assert served.invoke(picture).status == 200
        [other] = served.workers()
        assert other != worker and "was ended by SIGKILL" in served.log


def test_the_death_of_one_of_two_workers_is_seen(serve, picture):
    with serve(environment={"SAGEMAKER_MODEL_SERVER_WORKERS": "2"}) as served:
        first, second = served.workers()
        kill(served, second)
        wait_for(lambda: served.ping() == 503, 5)
        assert served.invoke(picture).status == 200  # by the other one
        wait_for(lambda: served.ping() == 200, 60)
        assert first in served.workers() and len(served.workers()) == 2


def test_a_request_that_kills_its_worker_is_a_500_and_the_next_one_is_answered(serve, model_folder, picture):
    code = (
        "import os\ndef input_fn(body, content_type):\n    if body == b'deadly': os.abort()\n"
        "    from container.serving import inference; from container.pictures.preprocessing import open_picture; "
        "return "
        "open_picture(body)\n"
    )
    with serve(model_folder({"code/inference.py": code})) as served:
        answer = served.invoke(b"deadly")
        assert answer.status == 500
        identity = answer.headers["x-request-id"]
        assert identity in answer.error
        wait_for(lambda: identity in served.log, 5)
        assert served.invoke(picture).status == 200  # it waited for the new worker


@pytest.mark.parametrize("server", ["nginx", "java"])
def test_a_dead_server_ends_the_container(serve, server):
    with serve() as served:
        kill(served, min(served.processes(server)))
        wait_for(lambda: exited(served.container), 30)
        assert served.container.attrs["State"]["ExitCode"] == 1


def test_the_end_of_multi_model_servers_own_program_ends_the_container(serve):
    """It would never start it again (an exception in its clean-up), and no worker's death could be healed."""
    with serve() as served:
        [stand_in] = [pid for pid in served.processes("python") if pid != 1 and pid not in served.workers()][:1]
        kill(served, stand_in)
        wait_for(lambda: exited(served.container), 40)
        assert served.container.attrs["State"]["ExitCode"] == 1


def test_a_model_that_takes_longer_than_it_may_ends_the_container_with_the_limit_that_it_had(serve, model_folder):
    code = "import time\ndef model_fn(model_dir):\n    time.sleep(100)\n"
    with serve(model_folder({"code/inference.py": code}), {"SAGEMAKER_STARTUP_TIMEOUT": "2"}, wait=False) as served:
        wait_for(lambda: exited(served.container), 60)
        said = "error: the model in /opt/ml/model was not loaded within 2 seconds: its model_fn is slow, or hangs."
        assert served.container.attrs["State"]["ExitCode"] == 1 and said in served.log


def safetensors(metadata: dict | None, length: int | None = None) -> bytes:
    """A file of one number. length: that the header is said to have."""
    header = json.dumps(
        {
            **({"__metadata__": metadata} if metadata else {}),
            "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        }
    ).encode()
    return struct.pack("<Q", length or len(header)) + header + bytes(4)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (safetensors(None), "model.safetensors is not in the format dogbreed-2"),
        (safetensors({"dogbreed-2": "not ours"}), "The description in /opt/ml/model/model.safetensors is not JSON"),
        (
            safetensors({"dogbreed-2": '{"arch": "resnet18"}'}),
            "lacks head_widths, classes, preprocessing, test_flip, facts",
        ),
        (safetensors(None, 2**40), "model.safetensors cannot be read"),
    ],
    ids=["no metadata", "not JSON", "fields missing", "huge header"],
)
def test_an_odd_model_file_ends_the_container_with_one_sentence(serve, model_folder, model, reason):
    with serve(model_folder(model=model), wait=False) as served:
        wait_for(lambda: exited(served.container), 60)
        assert served.container.attrs["State"]["ExitCode"] == 1 and "Traceback" not in served.log
        [said] = [line for line in served.log.splitlines() if reason in line]
        assert said.startswith("error: the model in /opt/ml/model could not be loaded: ") and said.endswith(".")


@pytest.mark.parametrize(
    ("files", "model", "reason"),
    [
        ({"notes.txt": "no model"}, None, "There is no model.safetensors"),
        ({"model.safetensors": b"torn"}, None, "cannot be read"),
        (
            {"code/inference.py": "def model_fn(model_dir):\n    raise RuntimeError('out of luck')\n"},
            True,
            "out of luck",
        ),
        ({"code/inference.py": "def model_fn(model_dir):\n    return 1\n"}, True, "has no predict_fn"),
        ({"code/inference.py": "def model_fn(model_dir:\n"}, True, "SyntaxError"),
        (
            {"code/requirements.txt": "there-is-no-such-package-at-all==1.0\n"},
            True,
            "could not install /opt/ml/model/code/requirements.txt",
        ),
    ],
)
def test_a_model_that_cannot_be_loaded_ends_the_container_with_the_reason(
    serve, model_folder, model_file, files, model, reason
):
    environment = {"PIP_NO_INDEX": "1"}
    with serve(model_folder(files, model_file if model else None), environment, wait=False) as served:
        wait_for(lambda: exited(served.container), 60)
        assert served.container.attrs["State"]["ExitCode"] == 1 and reason in served.log
        *_, last = served.log.splitlines()
        assert last.startswith("error: ") and (reason in last), served.log


def test_the_reason_is_the_last_line_whatever_the_programs_behind_it_print_at_their_end(serve, model_folder):
    """A Java that says at its end what its heap holds; without that it may complain of the worker that is gone."""
    environment = {"SAGEMAKER_MODEL_SERVER_VMARGS": "-Xlog:gc+heap+exit"}
    with serve(model_folder({"model.safetensors": b"torn"}), environment, wait=False) as served:
        wait_for(lambda: exited(served.container), 60)
        *before, last = served.log.splitlines()
        assert any("[gc,heap,exit]" in line for line in before) and last.startswith("error: "), served.log
