"""What the environment asks of the serve image, checked once, before anything starts.

SAGEMAKER_* are the platform's and the toolkit's own
(https://github.com/aws/sagemaker-inference-toolkit/blob/master/src/sagemaker_inference/parameters.py); the others are this image's.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from container.serving.machine import Machine

MEGABYTE = 1024 * 1024
# The platform's limits for real-time inference: https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-test-endpoints.html
PAYLOAD_MB, ANSWER_SECONDS = 25, 60
BODY_SECONDS = 60  # for all of a body: as long as the platform waits for an answer; 25 MB then need 3.5 Mbit/s
BATCH_PAYLOAD_MB = 100  # of a batch transform job whose payload limit is open
START_SECONDS = 480  # the platform's own, before it gives up on /ping
CPU_BATCH, GPU_BATCH = 8, 32  # above these a forward pass gains little more, and every request waits longer for it
MOST_BATCH = 100  # as many different values as CloudWatch takes of a metric in one line
QUEUE = 256  # requests under way, and nginx has two connections for each of 8,192; at some 50 a second on two cores the last one waits 5 s
TOP_K = 5


class WrongSetting(ValueError):
    """An environment variable cannot be used; the message names it."""


@dataclass(frozen=True)
class Ports:
    """public: SageMaker's. inference, management: multi-model-server's; metrics: Prometheus'. The last three are on loopback."""

    public: int
    inference: int
    management: int
    metrics: int

    @classmethod
    def choose(cls, public: int, first: int, last: int) -> "Ports":
        """The three inner ones are the first free of `first` to `last`. Raises WrongSetting when these are too few.

        https://docs.aws.amazon.com/sagemaker/latest/dg/multi-container-best-practices.html
        """
        inner = [port for port in range(first, min(last, first + 3) + 1) if port != public][:3]
        if len(inner) < 3:
            raise WrongSetting(f"SAGEMAKER_SAFE_PORT_RANGE={first}-{last} has no three ports beside {public}. Give it four.")
        return cls(public, *inner)


@dataclass(frozen=True)
class Settings:
    """engines: processes that hold the model; threads: of each. batch_size: requests in a forward pass at most. batch_delay: seconds
    that a batch may wait for more, when there are several clients. queue: requests under way before the next one is refused.
    payload: bytes of a request at most. body_seconds: for all of them to arrive; answer_seconds: for an answer; start_seconds: for loading a model. vmargs: of the JVM. log_level: of Python's logging.
    """

    ports: Ports
    base: Path
    multi_model: bool
    engines: int
    threads: int
    batch_size: int
    batch_delay: float
    queue: int
    payload: int
    body_seconds: int
    answer_seconds: int
    start_seconds: int
    vmargs: str
    log_level: int
    top_k: int

    @property
    def model_dir(self) -> Path:
        return self.base / "model"

    @property
    def connections(self) -> int:
        """multi-model-server's connections to the engines of a model: a batch that is computed, and the next one waiting."""
        return 2 * self.batch_size * self.engines

    @classmethod
    def read(cls, environment: Mapping[str, str], machine: Machine) -> "Settings":
        """Raises WrongSetting."""
        number = lambda name, default, low, high: _number(environment, name, default, low, high)  # noqa: E731
        _switch(environment, "ALLOW_URLS")  # it is read where URLs are (inference.py); a wrong one shall not wait until then
        engines = number("SAGEMAKER_MODEL_SERVER_WORKERS", max(1, machine.gpus), 1, 1024)
        default_payload = BATCH_PAYLOAD_MB if environment.get("SAGEMAKER_BATCH") == "true" else PAYLOAD_MB
        payload = number("SAGEMAKER_MAX_PAYLOAD_IN_MB", default_payload, 0, 1024) or default_payload
        minutes = number("SAGEMAKER_MODEL_SERVER_TIMEOUT", 0, 0, 60)
        first, _, last = environment.get("SAGEMAKER_SAFE_PORT_RANGE", "8081-8084").partition("-")
        if not (first.isdecimal() and last.isdecimal()):
            raise WrongSetting(f"SAGEMAKER_SAFE_PORT_RANGE must be two ports such as 9000-9100, not {first}-{last}.")
        return cls(
            ports=Ports.choose(number("SAGEMAKER_BIND_TO_PORT", 8080, 1, 65535), int(first), int(last)),
            base=Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")),
            multi_model=_switch(environment, "SAGEMAKER_MULTI_MODEL"),
            engines=engines,
            threads=max(1, machine.cores // engines),
            batch_size=number("BATCH_SIZE", GPU_BATCH if machine.gpus else CPU_BATCH, 1, MOST_BATCH),
            batch_delay=number("BATCH_DELAY_MS", 0, 0, 10_000) / 1000,
            queue=number("MAX_QUEUE", QUEUE, 1, 1500),
            payload=payload * MEGABYTE,
            body_seconds=number("MAX_BODY_SECONDS", BODY_SECONDS, 1, 3600),
            answer_seconds=number("SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS", 60 * minutes or ANSWER_SECONDS, 1, 3600),
            start_seconds=number("SAGEMAKER_STARTUP_TIMEOUT", START_SECONDS, 1, 3600),
            vmargs=environment.get("SAGEMAKER_MODEL_SERVER_VMARGS", ""),
            log_level=_log_level(environment.get("SAGEMAKER_CONTAINER_LOG_LEVEL", "INFO")),
            top_k=number("TOP_K", TOP_K, 1, 100_000),
        )


def _number(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    given = environment.get(name)
    if given is None or given == "":
        return default
    if not given.isdecimal() or not low <= int(given) <= high:
        raise WrongSetting(f"The environment variable {name} must be a whole number from {low} to {high}, not {given!r}.")
    return int(given)


def _log_level(given: str) -> int:
    """A number, as the toolkit has it, or a name."""
    level = int(given) if given.isdecimal() else logging.getLevelName(given.upper())
    if not isinstance(level, int):
        raise WrongSetting(f"The environment variable SAGEMAKER_CONTAINER_LOG_LEVEL must be a level such as 20 or INFO, not {given!r}.")
    return level


def _switch(environment: Mapping[str, str], name: str) -> bool:
    given = environment.get(name, "false").lower()
    if given not in ("true", "false"):
        raise WrongSetting(f"The environment variable {name} must be true or false, not {given!r}.")
    return given == "true"
