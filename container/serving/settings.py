"""What the environment asks of the serve image, checked once, before anything starts.

SAGEMAKER_* are the platform's and the toolkit's own
(https://github.com/aws/sagemaker-inference-toolkit/blob/master/src/sagemaker_inference/parameters.py); the others are
this image's."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from container.serving.environment_variables import PREFIX, Variables, WrongSetting
from container.serving.machine import Machine

MEGABYTE = 1024 * 1024
# The platform's limits for real-time inference:
# https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-test-endpoints.html
PAYLOAD_MB, ANSWER_SECONDS = 25, 60
BODY_SECONDS = 60  # for all of a body: as long as the platform waits for an answer; 25 MB then need 3.5 Mbit/s
BATCH_PAYLOAD_MB = 100  # of a batch transform job whose payload limit is open
START_SECONDS = 480  # the platform's own, before it gives up on /ping
CPU_BATCH, GPU_BATCH = 8, 32  # above these a forward pass gains little more, and every request waits longer for it
MOST_BATCH = 100  # as many different values as CloudWatch takes of a metric in one line
# requests under way, and nginx has two connections for each of 8,192; at some 50 a second on two cores the last one
# waits 5 s
QUEUE = 256
TOP_K = 5
MOST_WORKERS = 1024


@dataclass(frozen=True)
class Ports:
    """public: SageMaker's. inference, management: multi-model-server's; metrics: Prometheus'. The last three are on
    loopback.
    """

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
            raise WrongSetting(
                f"The environment variable SAGEMAKER_SAFE_PORT_RANGE={first}-{last} does not have the three ports that "
                f"the server needs beside {public}. Give it four, such as 9000-9003."
            )
        return cls(public, *inner)


@dataclass(frozen=True)
class Settings:
    """workers: processes that hold the model; threads: of each. batch_size: requests in a forward pass at most.
    batch_delay: seconds that a batch may wait for more, when there are several clients. queue: requests under way
    before the next one is refused. payload: bytes of a request at most. body_seconds: for all of them to arrive;
    answer_seconds: for an answer; start_seconds: for loading a model. vmargs: of the JVM. log_level: of Python's
    logging. top_k: classes in an answer. unknown_below: the probability below which an answer names no class; None: the
    model file's. allow_urls: whether pictures are fetched. warnings: sentences on what could not be taken as it was
    given."""

    ports: Ports
    base: Path
    multi_model: bool
    workers: int
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
    unknown_below: float | None
    allow_urls: bool
    warnings: tuple[str, ...]

    @property
    def model_dir(self) -> Path:
        return self.base / "model"

    def title(self, name: str, folder: Path) -> str:
        """What messages call a model: that of a single-model endpoint has no name of its own."""
        return f"the model {name}" if self.multi_model else f"the model in {folder}"

    @property
    def connections(self) -> int:
        """multi-model-server's connections to the workers of a model: a batch that is computed, and the next one
        waiting.
        """
        return 2 * self.batch_size * self.workers

    @property
    def own(self) -> dict[str, str]:
        """What the functions of this image read from their environment
        (container/serving/inference/picture_functions.py).
        """
        values = {
            "BATCH_SIZE": self.batch_size,
            "TOP_K": self.top_k,
            "UNKNOWN_BELOW": self.unknown_below,
            "ALLOW_URLS": self.allow_urls,
        }
        return {f"{PREFIX}{name}": str(value).lower() for name, value in values.items() if value is not None}

    @classmethod
    def read(cls, environment: Mapping[str, str], machine: Machine) -> "Settings":
        """Raises WrongSetting."""
        given = Variables(environment)
        default_workers = max(1, machine.gpus)
        # 0 means "as many as suit it" to multi-model-server.
        workers = given.number("SAGEMAKER_MODEL_SERVER_WORKERS", default_workers, 0, MOST_WORKERS) or default_workers
        default_payload = BATCH_PAYLOAD_MB if given.text("SAGEMAKER_BATCH") == "true" else PAYLOAD_MB
        payload = given.number("SAGEMAKER_MAX_PAYLOAD_IN_MB", default_payload, 0, 1024) or default_payload
        minutes = given.number(
            "SAGEMAKER_MODEL_SERVER_TIMEOUT", 0, 0, 60, " minutes"
        )  # JumpStart's models have 3600 there
        seconds = given.number("SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS", 0, 0, 3600, " seconds")
        ports = given.text("SAGEMAKER_SAFE_PORT_RANGE", "8081-8084")
        first, _, last = ports.partition("-")
        if not (first.isdecimal() and last.isdecimal()):
            raise WrongSetting(
                "The environment variable SAGEMAKER_SAFE_PORT_RANGE must be two ports such as 9000-9100, not "
                f"{ports!r}."
            )
        return cls(
            ports=Ports.choose(given.exact("SAGEMAKER_BIND_TO_PORT", 8080, 1, 65535), int(first), int(last)),
            base=Path(given.text("SAGEMAKER_BASE_DIR", "/opt/ml")),
            multi_model=given.switch("SAGEMAKER_MULTI_MODEL"),
            workers=workers,
            threads=max(1, machine.cores // workers),
            batch_size=given.own_number("BATCH_SIZE", GPU_BATCH if machine.gpus else CPU_BATCH, 1, MOST_BATCH),
            batch_delay=given.own_number("BATCH_DELAY_MS", 0, 0, 10_000) / 1000,
            queue=given.own_number("MAX_QUEUE", QUEUE, 1, 1500),
            payload=payload * MEGABYTE,
            body_seconds=given.own_number("MAX_BODY_SECONDS", BODY_SECONDS, 1, 3600),
            answer_seconds=seconds or 60 * minutes or ANSWER_SECONDS,
            start_seconds=given.number("SAGEMAKER_STARTUP_TIMEOUT", START_SECONDS, 1, 3600, " seconds"),
            vmargs=given.text("SAGEMAKER_MODEL_SERVER_VMARGS"),
            log_level=given.log_level("SAGEMAKER_CONTAINER_LOG_LEVEL"),
            top_k=given.own_number("TOP_K", TOP_K, 1, 100_000),
            unknown_below=given.own_share("UNKNOWN_BELOW"),
            allow_urls=given.own_switch("ALLOW_URLS"),
            warnings=tuple(given.warnings),
        )
