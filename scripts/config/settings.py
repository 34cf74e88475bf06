"""The settings of all scripts: sagemaker.toml, and the environment before it.

A key above the sections is read from SAGEMAKER_<KEY>, a key in a section from SAGEMAKER_<SECTION>_<KEY>, in capitals
and with `_` for `-`. Two keys have the names that other programs read already: `prefix` is IMAGE_PREFIX
(docker/build.sh), and `region` is AWS_REGION, then AWS_DEFAULT_REGION. An empty variable is one that is not set. The
tables `hyperparameters`, `environment` and `tune.ranges` are read from the file alone."""

import math
import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

from contract.did_you_mean import did_you_mean
from contract.metric_lines import METRICS, is_of_the_test_split
from scripts.config.hyperparameters import NAME
from scripts.config.ranges import Range
from scripts.config.setting_kinds import Names, NotNegative, OneOf, Positive, Ranges, Switch, Table, Text, Whole
from scripts.console.failure import Failure

FILE = Path(__file__).parents[2] / "sagemaker.toml"
OTHER_NAMES = {"prefix": ("IMAGE_PREFIX",), "region": ("AWS_REGION", "AWS_DEFAULT_REGION")}
# The longest that a quota of training jobs can be raised to:
# https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
LONGEST_JOB = 28 * 24 * 3600  # seconds
# MaximumExecutionTimeoutInSeconds:
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html
LONGEST_UPDATE = 28_800
# MaxRuntimeInSeconds: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits.html
SHORTEST_TUNING, LONGEST_TUNING = 120, 15_768_000
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProfilerConfig.html
PROFILING_INTERVALS = (100, 200, 500, 1_000, 5_000, 60_000)  # milliseconds
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BestObjectiveNotImproving.html
FEWEST_NOT_IMPROVING = 3
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html
MOST_HYPERBAND_EPOCHS = 20_000


def _is(kind):
    return field(metadata={"kind": kind})


_INSTANCE_TYPE = Text(r"ml\.[a-z0-9-]+\.[a-z0-9]+", "an instance type such as ml.g4dn.xlarge")
_HYPERPARAMETERS = "those of the training program, such as batch-size"
_URI = Text(r"(s3|https?|file)://.+", "a URI such as s3://bucket/folder", optional=True)


@dataclass(frozen=True)
class Push:
    """keep_images: of each repository. scan: for known vulnerabilities, on push."""

    keep_images: int = _is(Whole(1, 1_000))
    scan: bool = _is(Switch())


@dataclass(frozen=True)
class Train:
    """The training job's machine and data. Volume in GB, times in seconds; data, pretrained: URIs, or empty."""

    instance_type: str = _is(_INSTANCE_TYPE)
    instance_count: int = _is(Whole(1, 100))
    volume_gb: int = _is(Whole(1, 16_384))
    max_runtime_seconds: int = _is(Whole(1, LONGEST_JOB))
    spot: bool = _is(Switch())
    max_wait_seconds: int = _is(Whole(1, LONGEST_JOB))
    input_mode: str = _is(OneOf(("File", "FastFile")))
    network_isolation: str = _is(OneOf(("auto", "on", "off")))
    data: str = _is(_URI)
    pretrained: str = _is(_URI)


@dataclass(frozen=True)
class Debugger:
    """The fields of SageMaker Debugger. service: whether they are sent. save_interval: in steps."""

    service: bool = _is(Switch())
    rules: tuple[str, ...] = _is(Names(20))
    save_interval: int = _is(Whole(1, 1_000_000))
    profiling_interval_ms: int = _is(Whole(100, 60_000))


@dataclass(frozen=True)
class Tune:
    """The search of a tuning job. 0 in what may end it early, and in Hyperband's epochs, is none; seed -1 is none."""

    strategy: str = _is(OneOf(("Bayesian", "Random", "Grid", "Hyperband")))
    objective: str = _is(OneOf(METRICS))
    max_jobs: int = _is(Whole(1, 10_000))
    parallel: int = _is(Whole(1, 100))
    max_runtime_seconds: int = _is(Whole(0, LONGEST_TUNING))
    early_stopping: bool = _is(Switch())
    seed: int = _is(Whole(-1, 2**31 - 1))
    target: float = _is(NotNegative())
    not_improving: int = _is(Whole(0, 10_000))
    convergence: bool = _is(Switch())
    hyperband_min_epochs: int = _is(Whole(0, MOST_HYPERBAND_EPOCHS))
    hyperband_max_epochs: int = _is(Whole(0, MOST_HYPERBAND_EPOCHS))
    ranges: dict[str, Range] = _is(Ranges(NAME, _HYPERPARAMETERS))


@dataclass(frozen=True)
class Deploy:
    """The endpoint's machine. cuda: major version of the CUDA libraries in the image. Times in seconds."""

    mode: str = _is(OneOf(("realtime", "async", "serverless")))
    instance_type: str = _is(_INSTANCE_TYPE)
    instance_count: int = _is(Whole(1, 100))
    cuda: int = _is(Whole(12, 13))
    startup_timeout_seconds: int = _is(Whole(60, 3_600))
    download_timeout_seconds: int = _is(Whole(60, 3_600))
    network_isolation: bool = _is(Switch())


@dataclass(frozen=True)
class Async:
    max_concurrent: int = _is(Whole(1, 1_000))


@dataclass(frozen=True)
class Serverless:
    memory_mb: int = _is(Whole(1_024, 6_144))
    max_concurrency: int = _is(Whole(1, 200))


@dataclass(frozen=True)
class Autoscaling:
    """max_instances 0: none. target: requests per instance and minute; for async endpoints, waiting ones per
    instance.
    """

    max_instances: int = _is(Whole(0, 1_000))
    min_instances: int = _is(Whole(0, 1_000))
    target: float = _is(Positive())
    scale_in_cooldown_seconds: int = _is(Whole(0, 86_400))
    scale_out_cooldown_seconds: int = _is(Whole(0, 86_400))


@dataclass(frozen=True)
class Capture:
    """percent: share of requests and answers kept in S3; 0: none."""

    percent: int = _is(Whole(0, 100))


@dataclass(frozen=True)
class Update:
    """How a new version of the endpoint takes over. Percent of the instances, seconds, names of CloudWatch alarms."""

    traffic: str = _is(OneOf(("ALL_AT_ONCE", "CANARY", "LINEAR")))
    step_percent: int = _is(Whole(1, 50))
    wait_seconds: int = _is(Whole(0, 3_600))
    keep_old_seconds: int = _is(Whole(0, 3_600))
    alarms: tuple[str, ...] = _is(Names(10))


@dataclass(frozen=True)
class Transform:
    instance_type: str = _is(_INSTANCE_TYPE)
    instance_count: int = _is(Whole(1, 100))
    max_concurrent: int = _is(Whole(1, 100))
    max_payload_mb: int = _is(Whole(1, 100))


@dataclass(frozen=True)
class Settings:
    """Everything in sagemaker.toml; sections are dataclasses of their own. `async_` is the section [async]."""

    # A part `train` would make the jobs of the prefix dog-train look like those of the prefix dog.
    prefix: str = _is(
        Text(
            r"(?=.{1,32}$)[a-z0-9]+(-(?!train(-|$))[a-z0-9]+)*",
            "at most 32 of a-z 0-9 and single hyphens between them, and -train no part of it",
        )
    )
    role: str = _is(
        Text(
            r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+|[\w+=,.@-]+(/[\w+=,.@-]+)*",
            "a role's name or its ARN",
            optional=True,
        )
    )
    bucket: str = _is(
        Text(
            r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
            "a bucket's name: 3 to 63 of a-z 0-9 . and -, without s3://",
            optional=True,
        )
    )
    region: str = _is(Text(r"[a-z]{2,}(-[a-z]+)+-\d", "a region such as eu-west-1", optional=True))
    hyperparameters: dict[str, str] = _is(Table(NAME, _HYPERPARAMETERS))
    environment: dict[str, str] = _is(Table(r"[a-zA-Z_][a-zA-Z0-9_]*", "names of environment variables"))
    push: Push
    train: Train
    debugger: Debugger
    tune: Tune
    deploy: Deploy
    async_: Async
    serverless: Serverless
    autoscaling: Autoscaling
    capture: Capture
    update: Update
    transform: Transform


def load_settings(file: Path = FILE, environment: dict[str, str] | None = None) -> Settings:
    """Read and check the settings, once for all. environment: the process's own, unless one is given.

    Raises Failure that has a line for every setting that is missing, unknown or wrong.
    """
    environment = dict(os.environ) if environment is None else environment
    try:
        written = tomllib.loads(file.read_text())
    except FileNotFoundError:
        raise Failure(f"{file} is missing. Restore it: git checkout -- {file.name}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"{file} is not TOML: {error}.") from None
    problems = _unknown_variables(environment)
    values = _values(Settings, written, environment, "", problems)
    if not problems:
        settings = Settings(**values)
        problems += _contradictions(settings)
    if problems:
        raise Failure("The settings need mending:\n" + "\n".join(f"  {problem}" for problem in problems))
    return settings


def variables() -> dict[str, tuple[str, ...]]:
    """`{"train.instance-type": ("SAGEMAKER_TRAIN_INSTANCE_TYPE",), ...}`: every key that the environment can set."""
    found = {}
    for top in fields(Settings):
        section = top.type if not top.metadata else None
        for one in fields(section) if section else [top]:
            if not isinstance(one.metadata["kind"], Table):
                path = f"{_key(top)}.{_key(one)}" if section else _key(one)
                found[path] = OTHER_NAMES.get(path) or (
                    "SAGEMAKER_" + path.upper().replace(".", "_").replace("-", "_"),
                )
    return found


def _values(kind: type, written: dict, environment: dict[str, str], above: str, problems: list[str]) -> dict:
    known, names = {_key(one): one for one in fields(kind)}, variables()
    for key in written.keys() - known.keys():
        problems.append(f"sagemaker.toml: {above}{key} is unknown. {did_you_mean(key, list(known))}")
    values = {}
    for key, one in known.items():
        path = f"{above}{key}"
        if not one.metadata:  # a section
            section = written.get(key, {})
            if isinstance(section, dict):
                values[one.name] = one.type(
                    **_filled(_values(one.type, section, environment, f"{path}.", problems), one.type)
                )
            else:
                problems.append(f"sagemaker.toml: {key} must be a section, [{key}].")
            continue
        name = next((name for name in names.get(path, ()) if environment.get(name)), None)
        try:
            if name:
                values[one.name] = one.metadata["kind"].check(one.metadata["kind"].from_text(environment[name]))
            elif key in written:
                values[one.name] = one.metadata["kind"].check(written[key])
            else:
                problems.append(f"sagemaker.toml: {path} is missing. Write it there, or restore the file from git.")
        except ValueError as error:
            problems.append(f"{name or 'sagemaker.toml: ' + path} {error}.")
    return values


def _filled(values: dict, kind: type) -> dict:
    # A problem is noted already; the object is made so that the other sections are looked at as well.
    return {one.name: values.get(one.name) for one in fields(kind)}


def _unknown_variables(environment: dict[str, str]) -> list[str]:
    """A misspelt variable would silently do nothing. Only names that begin with one of our sections can be ours."""
    known = [name for names in variables().values() for name in names]
    sections = tuple(f"SAGEMAKER_{_key(one).upper()}_" for one in fields(Settings) if not one.metadata)
    return [
        f"{name} in the environment sets nothing. {did_you_mean(name, known)}"
        for name in sorted(environment)
        if name.startswith(sections) and name not in known
    ]


def _contradictions(settings: Settings) -> list[str]:
    found = []
    if settings.train.spot and settings.train.max_wait_seconds < settings.train.max_runtime_seconds:
        found.append(
            "train.max-wait-seconds must be at least train.max-runtime-seconds, since waiting and training share it."
        )
    if settings.debugger.profiling_interval_ms not in PROFILING_INTERVALS:
        found.append(f"debugger.profiling-interval-ms must be one of {', '.join(map(str, PROFILING_INTERVALS))}.")
    found += _tune_contradictions(settings.tune)
    scaling = settings.autoscaling
    if scaling.max_instances:
        if settings.deploy.mode == "serverless":
            found.append("autoscaling.max-instances must be 0 with deploy.mode serverless, which scales by itself.")
        if scaling.min_instances > scaling.max_instances:
            found.append("autoscaling.min-instances must be at most autoscaling.max-instances.")
        if scaling.min_instances == 0 and settings.deploy.mode != "async":
            found.append("autoscaling.min-instances must be at least 1: only async endpoints can go down to 0.")
    urls = any(
        settings.environment.get(name, "").lower() in ("true", "1", "yes", "on")
        for name in ("DOGBREED_ALLOW_URLS", "ALLOW_URLS")
    )
    if urls and settings.deploy.network_isolation and settings.deploy.mode != "serverless":
        found.append(
            "deploy.network-isolation must be false with DOGBREED_ALLOW_URLS in [environment]: the container fetches "
            "the pictures itself."
        )
    if settings.capture.percent and settings.deploy.mode == "serverless":
        found.append("capture.percent must be 0 with deploy.mode serverless, which cannot keep requests.")
    if settings.deploy.mode == "serverless" and settings.serverless.memory_mb % 1_024:
        found.append("serverless.memory-mb must be 1024, 2048, 3072, 4096, 5120 or 6144.")
    found += _update_contradictions(settings.update)
    if settings.update.alarms and settings.update.traffic == "ALL_AT_ONCE" and not settings.update.keep_old_seconds:
        found.append(
            "update.keep-old-seconds must be above 0 with update.alarms: it is the time in which they are watched."
        )
    if settings.transform.max_concurrent * settings.transform.max_payload_mb > 100:
        found.append("transform.max-concurrent times transform.max-payload-mb must be at most 100.")
    return found


def _tune_contradictions(tune: Tune) -> list[str]:
    """Those between the keys of [tune]; what the ranges have to do with it, `make tune` looks at: it may replace
    them.
    """
    found = []
    if tune.parallel > tune.max_jobs:
        found.append("tune.parallel must be at most tune.max-jobs.")
    if 0 < tune.max_runtime_seconds < SHORTEST_TUNING:
        found.append(f"tune.max-runtime-seconds must be 0, which is no limit, or at least {SHORTEST_TUNING}.")
    if 0 < tune.not_improving < FEWEST_NOT_IMPROVING:
        found.append(f"tune.not-improving must be 0, which is off, or at least {FEWEST_NOT_IMPROVING}.")
    if tune.strategy == "Hyperband" and tune.early_stopping:
        found.append("tune.early-stopping must be false with tune.strategy Hyperband, which stops trials by itself.")
    if tune.hyperband_max_epochs and tune.hyperband_min_epochs > tune.hyperband_max_epochs:
        found.append("tune.hyperband-min-epochs must be at most tune.hyperband-max-epochs.")
    if is_of_the_test_split(tune.objective) and (tune.strategy == "Hyperband" or tune.early_stopping):
        found.append(
            f"tune.objective {tune.objective} comes once, at a trial's end, and cannot stop one before: choose a "
            "valid_ figure."
        )
    return found


def _update_contradictions(update: Update) -> list[str]:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html"""
    if update.traffic == "LINEAR" and update.step_percent < 10:
        return ["update.step-percent must be at least 10 with update.traffic LINEAR."]
    steps = {"ALL_AT_ONCE": 0, "CANARY": 1, "LINEAR": math.ceil(100 / update.step_percent)}[update.traffic]
    if steps * update.wait_seconds + update.keep_old_seconds > LONGEST_UPDATE - 3_600:
        return [
            f"update.wait-seconds, {steps} times, and update.keep-old-seconds must be at most "
            f"{LONGEST_UPDATE - 3_600} together: "
            f"an update may last {LONGEST_UPDATE} seconds, and its instances have to come within them too."
        ]
    return []


def _key(one) -> str:
    return one.name.rstrip("_").replace("_", "-")
