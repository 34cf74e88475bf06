"""Cross-field checks of the settings: pure functions from sections to messages."""

import math

from contract.metric_lines import is_of_the_test_split
from scripts.config.sections import Autoscaling, Capture, Deploy, Serverless, Train, Transform, Tune, Update

# MaxRuntimeInSeconds: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits.html
SHORTEST_TUNING = 120
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BestObjectiveNotImproving.html
FEWEST_NOT_IMPROVING = 3
# MaximumExecutionTimeoutInSeconds:
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html
LONGEST_UPDATE = 28_800
MOST_TRANSFORM_MB = 100  # max-concurrent times max-payload-mb
# https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html
MOST_TRIALS, MOST_RANDOM_TRIALS = 750, 10_000


def of_train(train: Train) -> list[str]:
    found = _repeated("train", train.instance_types)
    if train.spot and train.max_wait_seconds < train.max_runtime_seconds:
        found.append(
            "train.max-wait-seconds must be at least train.max-runtime-seconds, since waiting and training share it."
        )
    if train.spot and train.instance_types:
        found.append("train.instance-types must be [] with train.spot: AWS chooses among types on demand only.")
    if train.spot and train.keep_alive_seconds:
        found.append("train.keep-alive-seconds must be 0 with train.spot: AWS keeps no spot instances.")
    if train.shell and train.network_isolation == "on":
        found.append(
            "train.network-isolation must be auto or off with train.shell: what opens the shell must reach AWS from "
            "inside the container."
        )
    return found


def of_deploy(deploy: Deploy) -> list[str]:
    return _repeated("deploy", deploy.instance_types)


def of_tune(tune: Tune) -> list[str]:
    """Those between the keys of [tune]; what the ranges have to do with it, `make tune` looks at: it may replace
    them.
    """
    found = []
    if tune.max_jobs > MOST_TRIALS and tune.strategy != "Random":
        found.append(
            f"tune.max-jobs must be at most {MOST_TRIALS} with tune.strategy {tune.strategy}; Random may have up to "
            f"{MOST_RANDOM_TRIALS:,}."
        )
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


def of_autoscaling(scaling: Autoscaling, mode: str) -> list[str]:
    if not scaling.max_instances:
        return []
    found = []
    if mode == "serverless":
        found.append("autoscaling.max-instances must be 0 with deploy.mode serverless, which scales by itself.")
    if scaling.min_instances > scaling.max_instances:
        found.append("autoscaling.min-instances must be at most autoscaling.max-instances.")
    return found


def scales_to_zero(deploy: Deploy, scaling: Autoscaling) -> bool:
    """Whether a realtime endpoint goes down to 0 instances, which AWS does by an inference component."""
    return deploy.mode == "realtime" and scaling.max_instances > 0 and scaling.min_instances == 0


def of_scaling_to_zero(deploy: Deploy, scaling: Autoscaling, capture: Capture, update: Update) -> list[str]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html"""
    if not scales_to_zero(deploy, scaling):
        return []
    zero, found = "with autoscaling.min-instances 0 of a realtime endpoint", []
    if deploy.instance_types:
        found.append(
            f"deploy.instance-types must be [] {zero}: its inference component says what it needs of one instance type."
        )
    if deploy.instance_count > scaling.max_instances:
        found.append(f"deploy.instance-count must be at most autoscaling.max-instances {zero}.")
    if capture.percent:
        found.append(f"capture.percent must be 0 {zero}: AWS documents no capture for inference components.")
    if update.traffic != "ALL_AT_ONCE":
        found.append(
            f"update.traffic must be ALL_AT_ONCE {zero}: AWS updates an inference component copy by copy, and moves no "
            "traffic between instances."
        )
    if update.keep_old_seconds or update.alarms:
        found.append(
            f"update.keep-old-seconds must be 0 and update.alarms [] {zero}: an inference component keeps no old "
            "instances to go back to."
        )
    return found


def of_isolation(deploy: Deploy, environment: dict[str, str]) -> list[str]:
    fetches = any(
        environment.get(name, "").lower() in ("true", "1", "yes", "on")
        for name in ("DOGBREED_ALLOW_URLS", "ALLOW_URLS")
    )
    if fetches and deploy.network_isolation and deploy.mode != "serverless":
        return [
            "deploy.network-isolation must be false with DOGBREED_ALLOW_URLS in [environment]: the container fetches "
            "the pictures itself."
        ]
    return []


def of_capture(capture: Capture, mode: str) -> list[str]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html"""
    if capture.percent and mode != "realtime":
        return [f"capture.percent must be 0 with deploy.mode {mode}, which cannot keep requests."]
    return []


def of_serverless(serverless: Serverless, mode: str) -> list[str]:
    if mode == "serverless" and serverless.memory_mb % 1_024:
        return ["serverless.memory-mb must be 1024, 2048, 3072, 4096, 5120 or 6144."]
    return []


def of_update(update: Update, deploy: Deploy) -> list[str]:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html"""
    found = []
    if update.traffic != "ALL_AT_ONCE" and deploy.mode != "serverless" and deploy.instance_count < 2:
        found.append(
            f"deploy.instance-count must be at least 2 with update.traffic {update.traffic}, which moves the traffic "
            "to some of the instances before the others."
        )
    steps = {"ALL_AT_ONCE": 0, "CANARY": 1, "LINEAR": math.ceil(100 / update.step_percent)}[update.traffic]
    if update.traffic == "LINEAR" and update.step_percent < 10:
        found.append("update.step-percent must be at least 10 with update.traffic LINEAR.")
    elif steps * update.wait_seconds + update.keep_old_seconds > LONGEST_UPDATE - 3_600:
        found.append(
            f"update.wait-seconds, {steps} times, and update.keep-old-seconds must be at most "
            f"{LONGEST_UPDATE - 3_600} together: "
            f"an update may last {LONGEST_UPDATE} seconds, and its instances have to come within them too."
        )
    if update.alarms and update.traffic == "ALL_AT_ONCE" and not update.keep_old_seconds:
        found.append(
            "update.keep-old-seconds must be above 0 with update.alarms: it is the time in which they are watched."
        )
    return found


def of_transform(transform: Transform) -> list[str]:
    if transform.max_concurrent * transform.max_payload_mb > MOST_TRANSFORM_MB:
        return [f"transform.max-concurrent times transform.max-payload-mb must be at most {MOST_TRANSFORM_MB}."]
    return []


def _repeated(section: str, instance_types: tuple[str, ...]) -> list[str]:
    return [
        f"{section}.instance-types must name {one} once."
        for one in dict.fromkeys(instance_types)
        if instance_types.count(one) > 1
    ]
