"""What the environment asks, and what is wrong with it."""

import pytest

from container.serving.machine import Machine
from container.serving.settings import MEGABYTE, Settings, WrongSetting

FOUR_CORES, ONE_GPU = Machine(4, 0), Machine(4, 1)


def read(machine=FOUR_CORES, **environment):
    return Settings.read(environment, machine)


@pytest.mark.parametrize(
    ("environment", "ports"),
    [
        ({}, (8080, 8081, 8082, 8083)),
        ({"SAGEMAKER_BIND_TO_PORT": "9000"}, (9000, 8081, 8082, 8083)),
        ({"SAGEMAKER_BIND_TO_PORT": "8082"}, (8082, 8081, 8083, 8084)),
        ({"SAGEMAKER_BIND_TO_PORT": "9000", "SAGEMAKER_SAFE_PORT_RANGE": "9000-9100"}, (9000, 9001, 9002, 9003)),
    ],
)
def test_four_different_ports_are_chosen(environment, ports):
    chosen = read(**environment).ports
    assert (chosen.public, chosen.inference, chosen.management, chosen.metrics) == ports


@pytest.mark.parametrize(
    ("machine", "workers", "engines", "threads"),
    [(FOUR_CORES, None, 1, 4), (ONE_GPU, None, 1, 4), (Machine(8, 4), None, 4, 2), (FOUR_CORES, "2", 2, 2), (FOUR_CORES, "9", 9, 1)],
)
def test_engines_are_as_many_as_gpus_or_as_asked_and_share_the_cores(machine, workers, engines, threads):
    settings = read(machine, **({"SAGEMAKER_MODEL_SERVER_WORKERS": workers} if workers else {}))
    assert (settings.engines, settings.threads) == (engines, threads)


def test_batches_are_larger_on_a_gpu_and_settable():
    assert (read().batch_size, read(ONE_GPU).batch_size, read(BATCH_SIZE="3").batch_size) == (8, 32, 3)
    assert read().batch_delay == 0 and read(BATCH_DELAY_MS="5").batch_delay == 0.005
    assert read(BATCH_SIZE="3").connections == 6


def test_the_payload_limit_is_the_platforms():
    assert read().payload == 25 * MEGABYTE
    assert read(SAGEMAKER_BATCH="true").payload == 100 * MEGABYTE
    assert read(SAGEMAKER_BATCH="true", SAGEMAKER_MAX_PAYLOAD_IN_MB="7").payload == 7 * MEGABYTE
    assert read(SAGEMAKER_BATCH="true", SAGEMAKER_MAX_PAYLOAD_IN_MB="0").payload == 100 * MEGABYTE  # 0 is "no limit" there


def test_timeouts_are_the_toolkits():
    assert read().answer_seconds == 60 and read(SAGEMAKER_MODEL_SERVER_TIMEOUT="2").answer_seconds == 120
    assert read(SAGEMAKER_MODEL_SERVER_TIMEOUT="2", SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS="5").answer_seconds == 5
    assert read().body_seconds == 60 and read(MAX_BODY_SECONDS="5").body_seconds == 5
    assert read(SAGEMAKER_STARTUP_TIMEOUT="900").start_seconds == 900


@pytest.mark.parametrize(("given", "level"), [("30", 30), ("debug", 10), ("ERROR", 40)])
def test_the_log_level_is_a_number_or_a_name(given, level):
    assert read().log_level == 20 and read(SAGEMAKER_CONTAINER_LOG_LEVEL=given).log_level == level


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOP_K", "0"), ("TOP_K", "-1"), ("TOP_K", "five"), ("TOP_K", "1.5"), ("BATCH_SIZE", "0"), ("BATCH_SIZE", "101"), ("SAGEMAKER_CONTAINER_LOG_LEVEL", "loud"), ("BATCH_DELAY_MS", "-1"), ("MAX_QUEUE", "many"), ("MAX_QUEUE", "1501"), ("MAX_BODY_SECONDS", "0"),
        ("SAGEMAKER_BIND_TO_PORT", "70000"), ("SAGEMAKER_SAFE_PORT_RANGE", "9000"), ("SAGEMAKER_SAFE_PORT_RANGE", "9000-9001"),
        ("SAGEMAKER_MODEL_SERVER_WORKERS", "0"), ("SAGEMAKER_MULTI_MODEL", "yes"), ("ALLOW_URLS", "1"), ("SAGEMAKER_STARTUP_TIMEOUT", "soon"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named(name, value):
    with pytest.raises(WrongSetting, match=name):
        read(**{name: value})
