"""What the environment asks, and what is wrong with it."""

import pytest

from container.serving.environment_variables import WrongSetting, unreadable_to_the_toolkit
from container.serving.machine import Machine
from container.serving.settings import MEGABYTE, Settings

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
    ("machine", "asked", "workers", "threads"),
    [
        (FOUR_CORES, None, 1, 4),
        (ONE_GPU, None, 1, 4),
        (Machine(8, 4), None, 4, 2),
        (FOUR_CORES, "2", 2, 2),
        (FOUR_CORES, "9", 9, 1),
    ],
)
def test_workers_are_as_many_as_gpus_or_as_asked_and_share_the_cores(machine, asked, workers, threads):
    settings = read(machine, **({"SAGEMAKER_MODEL_SERVER_WORKERS": asked} if asked else {}))
    assert (settings.workers, settings.threads) == (workers, threads)


def test_batches_are_larger_on_a_gpu_and_settable():
    assert (read().batch_size, read(ONE_GPU).batch_size, read(BATCH_SIZE="3").batch_size) == (8, 32, 3)
    assert read().batch_delay == 0 and read(BATCH_DELAY_MS="5").batch_delay == 0.005
    assert read(BATCH_SIZE="3").connections == 6


def test_the_payload_limit_is_the_platforms():
    assert read().payload == 25 * MEGABYTE
    assert read(SAGEMAKER_BATCH="true").payload == 100 * MEGABYTE
    assert read(SAGEMAKER_BATCH="true", SAGEMAKER_MAX_PAYLOAD_IN_MB="7").payload == 7 * MEGABYTE
    assert (
        read(SAGEMAKER_BATCH="true", SAGEMAKER_MAX_PAYLOAD_IN_MB="0").payload == 100 * MEGABYTE
    )  # 0 is "no limit" there


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
        ("DOGBREED_TOP_K", "0"),
        ("DOGBREED_TOP_K", "-1"),
        ("DOGBREED_TOP_K", "five"),
        ("DOGBREED_TOP_K", "1.5"),
        ("DOGBREED_UNKNOWN_BELOW", "1.1"),
        ("DOGBREED_UNKNOWN_BELOW", "-0.1"),
        ("DOGBREED_UNKNOWN_BELOW", "nan"),
        ("DOGBREED_UNKNOWN_BELOW", "50%"),
        ("DOGBREED_BATCH_SIZE", "101"),
        ("DOGBREED_BATCH_DELAY_MS", "-1"),
        ("DOGBREED_MAX_QUEUE", "1501"),
        ("DOGBREED_MAX_BODY_SECONDS", "0"),
        ("DOGBREED_ALLOW_URLS", "1"),
        ("SAGEMAKER_BIND_TO_PORT", "70000"),
        ("SAGEMAKER_SAFE_PORT_RANGE", "9000"),
        ("SAGEMAKER_SAFE_PORT_RANGE", "9000-9001"),
    ],
)
def test_a_wrong_value_of_our_own_or_of_a_port_is_refused_by_name(name, value):
    with pytest.raises(WrongSetting, match=name):
        read(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "field", "used"),
    [
        ("SAGEMAKER_MODEL_SERVER_TIMEOUT", "3600", "answer_seconds", 3600),  # JumpStart's, in minutes
        ("SAGEMAKER_MODEL_SERVER_TIMEOUT", "soon", "answer_seconds", 60),
        ("SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS", "99999", "answer_seconds", 3600),
        ("SAGEMAKER_MODEL_SERVER_WORKERS", "-3", "workers", 1),
        ("SAGEMAKER_MODEL_SERVER_WORKERS", "all", "workers", 1),
        ("SAGEMAKER_STARTUP_TIMEOUT", "9" * 50, "start_seconds", 3600),
        ("SAGEMAKER_STARTUP_TIMEOUT", "-+1", "start_seconds", 480),
        ("SAGEMAKER_MAX_PAYLOAD_IN_MB", "2000", "payload", 1024 * MEGABYTE),
        ("SAGEMAKER_MULTI_MODEL", "yes", "multi_model", False),
        ("SAGEMAKER_CONTAINER_LOG_LEVEL", "loud", "log_level", 20),
        ("BATCH_SIZE", "256", "batch_size", 100),
        ("BATCH_SIZE", "lots", "batch_size", 8),
        ("BATCH_DELAY_MS", "-1", "batch_delay", 0),
        ("MAX_QUEUE", "1501", "queue", 1500),
        ("MAX_BODY_SECONDS", "0", "body_seconds", 1),
        ("TOP_K", "0", "top_k", 1),
        ("UNKNOWN_BELOW", "7", "unknown_below", None),
        ("UNKNOWN_BELOW", "never", "unknown_below", None),
        ("ALLOW_URLS", "1", "allow_urls", False),
    ],
)
def test_what_others_set_is_clamped_and_warned_of(name, value, field, used):
    settings = read(**{name: value})
    assert getattr(settings, field) == used
    [warning] = settings.warnings
    assert warning.startswith(f"The environment variable {name}={value} is ")
    assert (f"DOGBREED_{name}." in warning) == (not name.startswith("SAGEMAKER_"))


@pytest.mark.parametrize(
    "environment",
    [
        {"SAGEMAKER_MODEL_SERVER_WORKERS": "0"},
        {"SAGEMAKER_MODEL_SERVER_TIMEOUT": ""},
        {"LOG_LEVEL": "anything"},
        {"DEBUG": "1"},
        {"SAGEMAKER_PROGRAM": ""},
        {"BATCH_SIZE": " "},
        {"SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code", "SAGEMAKER_REGION": "eu-west-1"},
    ],
)
def test_what_others_set_to_nothing_or_for_themselves_changes_nothing(environment):
    assert read(**environment) == read()


def test_our_own_names_have_a_prefix_and_come_before_those_without():
    settings = read(DOGBREED_BATCH_SIZE="4", BATCH_SIZE="256", DOGBREED_ALLOW_URLS="true", DOGBREED_TOP_K="3")
    assert (settings.batch_size, settings.allow_urls, settings.top_k, settings.warnings) == (4, True, 3, ())
    assert settings.own == {"DOGBREED_BATCH_SIZE": "4", "DOGBREED_TOP_K": "3", "DOGBREED_ALLOW_URLS": "true"}
    assert read(ALLOW_URLS="True", TOP_K="2").own == {
        "DOGBREED_BATCH_SIZE": "8",
        "DOGBREED_TOP_K": "2",
        "DOGBREED_ALLOW_URLS": "true",
    }


@pytest.mark.parametrize(("given", "share"), [("0", 0.0), ("0.5", 0.5), (" .25 ", 0.25), ("1", 1.0), ("5e-1", 0.5)])
def test_a_threshold_is_a_share_and_stays_the_models_where_none_is_set(given, share):
    settings = read(DOGBREED_UNKNOWN_BELOW=given, UNKNOWN_BELOW="0.9")
    assert settings.unknown_below == share and float(settings.own["DOGBREED_UNKNOWN_BELOW"]) == share
    assert read(UNKNOWN_BELOW=given).unknown_below == share
    assert read().unknown_below is None and "DOGBREED_UNKNOWN_BELOW" not in read().own


def test_what_the_toolkit_could_not_read_is_kept_from_it():
    environment = {
        "SAGEMAKER_MODEL_SERVER_TIMEOUT": "soon",
        "SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS": "",
        "SAGEMAKER_STARTUP_TIMEOUT": "900",
        "SAGEMAKER_PROGRAM": "",
        "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv",
        "HOME": "",
    }
    left_out = unreadable_to_the_toolkit(environment)
    assert left_out == ["SAGEMAKER_MODEL_SERVER_TIMEOUT", "SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS", "SAGEMAKER_PROGRAM"]
