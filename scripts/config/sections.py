"""The sections of sagemaker.toml, one model each: every key, what it may be, and a line for whoever edits the file."""

from typing import Literal

from pydantic import Field

from contract.metric_lines import METRICS
from scripts.config.setting_types import InstanceType, InstanceTypes, Names, Ranges, Section, Uri

# The longest that a quota of training jobs can be raised to:
# https://docs.aws.amazon.com/general/latest/gr/sagemaker.html
LONGEST_JOB = 28 * 24 * 3600  # seconds
# KeepAlivePeriodInSeconds: botocore
LONGEST_WARM_POOL = 21_600  # seconds
# MaxRuntimeInSeconds: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits.html
LONGEST_TUNING = 15_768_000
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html
MOST_HYPERBAND_EPOCHS = 20_000


class Push(Section):
    """Images in ECR."""

    keep_images: int = Field(ge=1, le=1_000, description="how many images a repository keeps")
    scan: bool = Field(description="have the whole registry's configuration scan the project's images on push")


class Train(Section):
    """The training job's machine and data."""

    instance_type: InstanceType
    instance_types: InstanceTypes = Field(
        description="in order of preference, for where capacity lacks; instance-type counts where it is empty"
    )
    instance_count: int = Field(ge=1, le=100)
    volume_gb: int = Field(
        ge=1,
        le=16_384,
        description="of instances without storage of their own: it changes nothing on g4dn, g5 and g6",
    )
    max_runtime_seconds: int = Field(ge=1, le=LONGEST_JOB)
    spot: bool = Field(description="spare capacity: cheaper, and it may be interrupted")
    max_wait_seconds: int = Field(ge=1, le=LONGEST_JOB, description="with spot: waiting and training together")
    input_mode: Literal["File", "FastFile"]
    network_isolation: Literal["auto", "on", "off"]
    data: Uri = Field(description="URI above train/, valid/ and test/; empty: where `upload` puts them")
    pretrained: Uri = Field(description="URI of weights for the channel `pretrained`; empty: no such channel")
    keep_alive_seconds: int = Field(
        ge=0, le=LONGEST_WARM_POOL, description="how long the instances wait, and cost, for the next job; 0: not at all"
    )
    shell: bool = Field(description="let AWS Systems Manager open a shell in the running container")


class Debugger(Section):
    """The fields of SageMaker Debugger."""

    service: bool = Field(description="whether the fields are sent")
    rules: Names = Field(max_length=20)
    save_interval: int = Field(ge=1, le=1_000_000, description="steps between tensors that are kept")
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProfilerConfig.html
    profiling_interval_ms: Literal[100, 200, 500, 1000, 5000, 60000]


class Tune(Section):
    """The search of a tuning job."""

    strategy: Literal["Bayesian", "Random", "Grid", "Hyperband"]
    objective: Literal[METRICS]  # type: ignore[valid-type]
    max_jobs: int = Field(ge=1, le=10_000, description="trials in all; above 750 with the strategy Random only")
    parallel: int = Field(ge=1, le=100, description="trials at a time")
    max_runtime_seconds: int = Field(ge=0, le=LONGEST_TUNING, description="of the whole search; 0: no limit")
    early_stopping: bool = Field(description="end a trial that is worse than the earlier ones were at its epoch")
    seed: int = Field(ge=-1, le=2**31 - 1, description="-1: other trials every time")
    target: float = Field(ge=0, description="end the search when a trial reaches this objective; 0: never")
    not_improving: int = Field(ge=0, le=10_000, description="end it after so many trials without a better one")
    convergence: bool = Field(description="end it when the service sees that it will not find a better one")
    hyperband_min_epochs: int = Field(ge=0, le=MOST_HYPERBAND_EPOCHS, description="0: the service's choice")
    hyperband_max_epochs: int = Field(ge=0, le=MOST_HYPERBAND_EPOCHS, description="0: the hyperparameter `epochs`")
    ranges: Ranges


class Deploy(Section):
    """The endpoint's machine."""

    mode: Literal["realtime", "async", "serverless"]
    instance_type: InstanceType
    instance_types: InstanceTypes = Field(
        description="in order of preference, for where capacity lacks; instance-type counts where it is empty"
    )
    instance_count: int = Field(ge=1, le=100)
    cuda: int = Field(ge=12, le=13, description="major version of the CUDA libraries in the image")
    startup_timeout_seconds: int = Field(ge=60, le=3_600)
    download_timeout_seconds: int = Field(ge=60, le=3_600)
    network_isolation: bool


class Async(Section):
    """With deploy.mode async."""

    max_concurrent: int = Field(ge=1, le=1_000, description="requests that an instance works on at once")


class Serverless(Section):
    """With deploy.mode serverless."""

    memory_mb: int = Field(ge=1_024, le=6_144, description="in steps of 1024")
    max_concurrency: int = Field(ge=1, le=200)


class Autoscaling(Section):
    """Of realtime and async endpoints."""

    max_instances: int = Field(ge=0, le=1_000, description="0: no autoscaling")
    min_instances: int = Field(ge=0, le=1_000)
    target: float = Field(gt=0, description="realtime endpoints: requests per instance and minute")
    async_target: float = Field(gt=0, description="async endpoints: waiting requests per instance")
    scale_in_cooldown_seconds: int = Field(ge=0, le=86_400)
    scale_out_cooldown_seconds: int = Field(ge=0, le=86_400)


class Capture(Section):
    """Requests and answers that are kept in S3."""

    percent: int = Field(ge=0, le=100, description="share that is kept; 0: none")


class Update(Section):
    """How a new version of the endpoint takes over."""

    traffic: Literal["ALL_AT_ONCE", "CANARY", "LINEAR"]
    step_percent: int = Field(ge=1, le=50, description="of the instances")
    wait_seconds: int = Field(ge=0, le=3_600, description="between steps")
    keep_old_seconds: int = Field(ge=0, le=3_600, description="how long the old instances stay after the last step")
    alarms: Names = Field(max_length=10, description="CloudWatch alarms that bring the old instances back")


class Transform(Section):
    """A batch transform job."""

    instance_type: InstanceType
    instance_count: int = Field(ge=1, le=100)
    max_concurrent: int = Field(ge=1, le=100)
    max_payload_mb: int = Field(ge=1, le=100, description="times max-concurrent at most 100")
