"""Which program a job asks for, and whose name resolves."""

import socket
import threading

import pytest

from container.entrypoint import host_names
from container.entrypoint.host_names import unresolved
from container.entrypoint.training_config import listing, read_config, requested_program, value_of
from container.runtime.failure import TrainingFailure


@pytest.mark.parametrize(
    ("hyperparameters", "environment", "code", "program"),
    [
        ({}, {}, [], None),
        ({"epochs": "3"}, {"SAGEMAKER_PROGRAM": ""}, [], None),
        ({"sagemaker_program": "train.py"}, {}, [], "train.py"),
        ({"sagemaker_program": '"train.py"'}, {}, ["train.py"], "train.py"),
        ({}, {"SAGEMAKER_PROGRAM": "run.sh"}, ["run.sh"], "run.sh"),
        ({"sagemaker_program": "train.py"}, {"SAGEMAKER_PROGRAM": "run.sh"}, [], "run.sh"),
    ],
)
def test_a_named_program_is_taken_and_ours_only_where_nobody_names_one(hyperparameters, environment, code, program):
    assert requested_program(hyperparameters, environment, code) == program


@pytest.mark.parametrize(
    ("hyperparameters", "code", "sentence"),
    [
        ({"sagemaker_submit_directory": '"s3://b/k"'}, [], "sagemaker_submit_directory=s3://b/k brings code"),
        ({}, ["a.py", "b.py"], "/opt/ml/code holds a.py, b.py, and nothing says"),
        ({"sagemaker_program": "7"}, [], "must be the name of a file such as train.py, not 7"),
    ],
)
def test_code_without_a_program_is_refused(hyperparameters, code, sentence):
    with pytest.raises(TrainingFailure, match=sentence):
        requested_program(hyperparameters, {}, code)


@pytest.mark.parametrize(
    ("text", "value"), [("train.py", "train.py"), ('"train.py"', "train.py"), ("3", 3), (4, 4), (None, None)]
)
def test_hyperparameters_are_read_as_the_toolkit_reads_them(text, value):
    assert value_of({"name": text}, "name") == value


def test_long_listings_are_cut():
    assert (
        listing([f"{number:02}" for number in range(12)]).endswith("08, 09 and 2 more")
        and listing(["b", "a"]) == "a, b"
    )


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path):
    (tmp_path / "hyperparameters.json").mkdir()
    with pytest.raises(TrainingFailure, match=r"hyperparameters.json cannot be read: Is a directory"):
        read_config(tmp_path)


def test_a_name_that_resolves_later_counts_and_one_that_never_does_is_named(monkeypatch):
    asked = []

    def look_up(host):
        asked.append(host)
        if host == "never" or asked.count(host) < 2:
            raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(host_names.socket, "gethostbyname", look_up)
    assert unresolved(["late", "never"], 1) == ["never"]
    assert unresolved(["late"], 60) == []


def test_a_resolver_that_does_not_answer_is_not_waited_for(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(host_names.socket, "gethostbyname", lambda host: release.wait())
    assert unresolved(["a", "b"], 0.2) == ["a", "b"]
    release.set()
