"""Decisions of the serve image's PID 1."""

import pytest

from container.serve_entrypoint import Ports, main, worker_count


@pytest.mark.parametrize(
    ("environment", "ports"),
    [
        ({}, (8080, 8081, 8082)),
        ({"SAGEMAKER_BIND_TO_PORT": "9000"}, (9000, 8081, 8082)),
        ({"SAGEMAKER_BIND_TO_PORT": "8081"}, (8081, 8082, 8083)),
        ({"SAGEMAKER_BIND_TO_PORT": "9000", "SAGEMAKER_SAFE_PORT_RANGE": "9000-9100"}, (9000, 9001, 9002)),
    ],
)
def test_three_different_ports_are_chosen(environment, ports):
    chosen = Ports.choose(environment)
    assert (chosen.public, chosen.inference, chosen.management) == ports


@pytest.mark.parametrize(
    ("environment", "cores", "gpus", "workers"), [({}, 4, 0, 4), ({}, 4, 1, 1), ({"SAGEMAKER_MODEL_SERVER_WORKERS": "3"}, 4, 1, 3)]
)
def test_workers_are_as_many_as_cores_or_gpus_or_as_asked(environment, cores, gpus, workers):
    assert worker_count(environment, cores, gpus) == workers


def test_multi_model_mode_is_refused_and_not_ignored(monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_MULTI_MODEL", "true")
    assert main(["serve"]) == 1
    assert "does not serve multi-model endpoints" in capsys.readouterr().err
