"""`python -m local_test`: its verbs, and services side by side."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading

import pytest
from botocore.exceptions import ClientError

from local_test.background import GAVE_WAY, stop
from local_test.host.folder_lock import hold, is_held
from local_test.host.labels import REGISTRY, find, labels
from tests.local_service import Local, until


def command(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "local_test", *map(str, words)], capture_output=True, text=True, timeout=120, **options
    )


def clean(*options) -> str:
    return subprocess.run(
        [sys.executable, "-m", "local_test.clean", *map(str, options)], capture_output=True, text=True, check=True
    ).stdout


def test_two_services_run_side_by_side_and_know_nothing_of_each_other(served, training_request, engine):
    one, two = served("one"), served("two")
    assert one.address.url != two.address.url and one.address.name != two.address.name
    for local in (one, two):
        local.client("sagemaker").create_training_job(
            **training_request(local, "same-name", f"echo in {local.address.name}; sleep 600")
        )
    for local in (one, two):
        until(lambda: local.log("/aws/sagemaker/TrainingJobs", "same-name/") == f"in {local.address.name}")
    stop(one.folder)
    assert find(engine, service=one.address.name) == [] and len(find(engine, service=two.address.name)) == 1
    assert (
        two.client("sagemaker").describe_training_job(TrainingJobName="same-name")["TrainingJobStatus"] == "InProgress"
    )


def test_cleaning_one_folder_leaves_the_other_services_alone(served, training_request, engine):
    one, two = served("one"), served("two")
    for local in (one, two):
        local.client("sagemaker").create_training_job(**training_request(local, "running", "sleep 600"))
        until(lambda: find(engine, service=local.address.name))
    stop(one.folder)
    engine.volumes.create("left-behind", labels=labels(REGISTRY, one.address.name, one.address.name))
    listed = clean("--list")
    assert (
        f"{one.address.name}: volume left-behind\n" in listed and f"{two.address.name}: container running\n" in listed
    )
    assert clean("--folder", one.folder) == "removed left-behind\n"
    assert len(find(engine, service=two.address.name)) == 1
    assert "never had a local SageMaker" in clean("--folder", one.folder.parent / "none")
    engine.volumes.create("left-behind", labels=labels(REGISTRY, one.address.name, one.address.name))
    assert clean("--service", one.address.name) == "removed left-behind\n"  # as one whose folder is gone


def test_a_service_that_ends_can_be_started_again_at_once(served, training_request):
    local = served()
    for number in range(3):
        local.client("sagemaker").create_training_job(**training_request(local, f"running-{number}", "sleep 600"))
        assert command("down", "--folder", local.folder).returncode == 0
        up = command("up", "--folder", local.folder)
        assert up.returncode == 0, up.stderr
        assert local.address.url in up.stdout


def test_strict_is_remembered_until_it_is_taken_back(served, train_image):
    local = served()
    up = ("up", "--folder", local.folder, "--allow-files", tempfile.gettempdir())
    other = command(*up, "--strict")
    assert other.returncode == 1 and "runs already, without --strict" in other.stderr
    for words, refused in ((("--strict",), True), ((), True), (("--no-strict",), False), ((), False)):
        stop(local.folder)
        assert command(*up, *words).returncode == 0
        again = served()
        vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
        with contextlib.nullcontext() if not refused else pytest.raises(ClientError, match="VpcConfig has no effect"):
            again.client("sagemaker").create_model(
                ModelName=f"m{len(words)}{refused}", PrimaryContainer={"Image": train_image}, VpcConfig=vpc
            )


@pytest.fixture
def ending(tmp_path):
    """A folder whose service has closed its port and not yet ended: it does so two seconds after it is asked to."""
    folder = tmp_path / "state"
    folder.mkdir()
    held = hold(folder)
    over = threading.Timer(2, held.close)
    yield folder, over
    over.cancel()
    held.close()


def test_down_waits_for_a_service_that_is_still_ending(ending):
    folder, over = ending
    over.start()
    assert stop(folder) and not is_held(folder) and not stop(folder)


def test_up_takes_over_from_a_service_that_is_still_ending(ending, engine):
    folder, over = ending
    starting = subprocess.Popen(
        [sys.executable, "-m", "local_test", "up", "--folder", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(
        lambda: (
            "Another local SageMaker"
            in ((folder / "service.log").read_text() if (folder / "service.log").exists() else "")
        )
    )
    over.start()
    printed, said = starting.communicate(timeout=60)
    assert starting.returncode == 0 and "The local SageMaker is at" in printed, said
    assert stop(folder)


def test_a_service_that_runs_says_for_which_files(served, tmp_path):
    local = served()
    refused = command("up", "--folder", local.folder, "--allow-files", tmp_path)
    assert refused.returncode == 1 and f"runs already, for files below {tempfile.gettempdir()}." in refused.stderr
    assert command("up", "--folder", local.folder).returncode == 0


def test_one_folder_has_one_service(served):
    local = served()
    refused = command("serve", "--folder", local.folder)
    assert (
        refused.returncode == GAVE_WAY
        and "Another local SageMaker serves from" in refused.stderr
        and "Traceback" not in refused.stderr
    )


def test_env_starts_a_service_that_is_down_and_prints_nothing_but_the_shells_lines(tmp_path, engine):
    folder = tmp_path / "state"
    try:
        printed = command("env", "--folder", folder)
        assert printed.returncode == 0
        assert all(line.startswith(("waiting for ", "waited ")) for line in printed.stderr.splitlines()), printed.stderr
        assert all(line.startswith(("export ", "unset ")) for line in printed.stdout.splitlines())
        assert json.loads(command("status", "--json", "--folder", folder).stdout)["running"] is True
        status = command("status", "--folder", folder)
        assert status.returncode == 0 and "http://127.0.0.1:" in status.stdout
        assert command("env", "--folder", folder).stdout == printed.stdout
    finally:
        down = command("down", "--folder", folder)
    assert down.returncode == 0 and not is_held(folder)
    assert command("status", "--folder", folder).returncode == 1
    assert json.loads(command("status", "--json", "--folder", folder).stdout) == {
        "running": False,
        "folder": str(folder),
    }
    assert "not running" in command("down", "--folder", folder).stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_service_in_a_terminal_ends_with_its_containers(tmp_path, engine, train_image, training_request, number):
    folder = tmp_path / "state"
    process = subprocess.Popen(
        [sys.executable, "-m", "local_test", "--folder", str(folder), "--allow-files", tempfile.gettempdir()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert "The local SageMaker is at http://127.0.0.1:" in process.stdout.readline()
        local = Local(folder)
        local.client("sagemaker").create_training_job(**training_request(local, "running", "sleep 600"))
        until(lambda: find(engine, service=local.address.name))
        process.send_signal(number)
        printed, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0 and "Traceback" not in printed
    assert find(engine, service=local.address.name) == []


def test_a_port_that_is_taken_is_named(served, tmp_path):
    local = served()
    refused = command("up", "--folder", tmp_path / "other", "--port", local.address.port)
    assert refused.returncode == 1 and str(local.address.port) in refused.stderr, refused.stderr


def test_interrupting_what_is_not_there_is_a_sentence(served):
    local = served()
    refused = command("interrupt", "nobody", "--folder", local.folder)
    assert (
        refused.returncode == 1
        and "Requested resource not found" in refused.stderr
        and "Traceback" not in refused.stderr
    )
    assert command("interrupt", "--folder", local.folder).returncode == 2


def test_without_an_engine_it_says_what_to_do(tmp_path):
    refused = command("up", "--folder", tmp_path / "state", env={**os.environ, "DOCKER_HOST": "unix:///nowhere"})
    assert refused.returncode == 1 and "unset DOCKER_HOST" in refused.stderr
