"""`python -m tests.bench.tuning --train-image IMAGE [--data FOLDER_OR_ZIP]`: a tuning job with a frozen backbone, 16
trials of 5 epochs, on the feature bank and in the ordinary loop, through the local SageMaker. Writes
out/bench/tuning.json.

Both get the same pictures, the same image, the same hyperparameters (Random, one seed), two trials at a time with half
of the cores each, and count from the first request to the tuning job's `Completed`; the bank's time includes the job
that makes it. The loop draws new views in every epoch, as it always does; what fixed views cost in accuracy is the
difference of the two best objectives. That features which are stored give the answer of the whole network over the same
views is measured apart."""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient

from local_test.background import stop
from local_test.clean import remove_all
from local_test.demo.data_folder import data_folder, pictures_of
from local_test.host.engine import connect
from scripts.config.layout import Layout
from scripts.config.settings import load_settings
from scripts.requests.training_job import all_hyperparameters, features_job_request, features_uri
from scripts.requests.tuning_job import tuning_job_request
from tests.bench.drawn_data import drawn
from tests.bench.figures import Figure, figure, interval, no_worse, write
from tests.bench.program_in_image import run_program
from tests.local_service import Local, until

TRIALS, EPOCHS, PARALLEL = 16, 5, 2
SPLITS = ("train", "valid", "test")
STATIC = {"pretrained": "none", "freeze-backbone": "true", "epochs": str(EPOCHS)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what trials cost.")
    parser.add_argument("--train-image", required=True)
    parser.add_argument("--data", type=Path, help="folder or zip of pictures; default: 2,000 that are drawn")
    parser.add_argument("--arch", default="resnet18")
    parser.add_argument("--image-size", default="224")
    chosen = parser.parse_args()
    data = data_folder(chosen.data, Path("out/data")) if chosen.data else drawn(Path("out/data/bench"))
    pictures = sum(len(pictures_of(data / split)) for split in SPLITS)
    static = {**STATIC, "arch": chosen.arch, "image-size": chosen.image_size}
    what = (
        f"{TRIALS} trials x {EPOCHS} epochs, {chosen.arch}, {chosen.image_size} px, {pictures:,} pictures, "
        f"{PARALLEL} at once"
    )
    print(what, flush=True)
    engine = connect()
    same = same_answer(engine, chosen.train_image, data)
    Path("out").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=Path("out").resolve()) as folder:
        local = Local(Path(folder) / "state", data)
        try:
            bench = Bench(local, chosen.train_image, data, static)
            # The bank before and after the loop: the machine's speed changes from one half-hour to the next.
            before = bench.on_the_bank("before")
            in_loop, loop_trials, loop_best = bench.in_the_loop()
            after = bench.on_the_bank("after")
        finally:
            stop(local.folder)
            remove_all(engine, local.address.name)
    write(
        Path("out/bench/tuning.json"),
        [
            figure(what, [before.seconds, after.seconds], [in_loop], "ordinary loop", "s", 1 / 20),
            figure(
                "  of it the job that makes the bank",
                [before.feature_job, after.feature_job],
                [in_loop],
                "ordinary loop",
                "s",
                None,
            ),
            figure(
                "  one trial, created to Completed",
                [*before.trials, *after.trials],
                loop_trials,
                "ordinary loop",
                "s",
                None,
            ),
            figure("  best valid accuracy of the trials", [before.best], [loop_best], "ordinary loop", "", None),
            same,
        ],
        ["optuna", "moto", "docker", "boto3"],
    )


@dataclass(frozen=True)
class OnTheBank:
    """Seconds of the job that makes the bank, of that and the search together, and of each trial; the best
    objective.
    """

    feature_job: float
    seconds: float
    trials: list[float]
    best: float


class Bench:
    """The requests are those that the scripts send; the pictures are read where they are."""

    def __init__(self, local: Local, image: str, data: Path, static: dict[str, str]):
        self._api, self._image, self._static = local.client("sagemaker"), image, static
        self._settings = load_settings(
            environment={
                "SAGEMAKER_TUNE_STRATEGY": "Random",
                "SAGEMAKER_TUNE_SEED": "0",
                "SAGEMAKER_TUNE_MAX_JOBS": str(TRIALS),
                "SAGEMAKER_TUNE_PARALLEL": str(PARALLEL),
            }
        )
        self._layout = Layout(local.address.bucket, "bench")
        self._role = local.address.role
        self._pictures = {split: (data / split).resolve().as_uri() for split in SPLITS}

    def on_the_bank(self, name: str) -> OnTheBank:
        began = time.monotonic()
        static = all_hyperparameters(self._settings, self._static)
        output, job = self._layout.features(name), f"bench-features-{name}"
        self._api.create_training_job(
            **features_job_request(
                self._settings,
                self._layout,
                name=job,
                image=self._image,
                role_arn=self._role,
                channels=self._pictures,
                static=static,
                output=output,
            )
        )
        made = until(lambda: ended(self._api.describe_training_job(TrainingJobName=job), "TrainingJobStatus"), 3600)
        feature_job = time.monotonic() - began
        print(f"bank made in {feature_job:.0f} s: {made['TrainingJobStatus']}", flush=True)
        trials, best = self._tune(f"bench-bank-{name}", static, {"features": features_uri(output, job)})
        return OnTheBank(feature_job, time.monotonic() - began, trials, best)

    def in_the_loop(self) -> tuple[float, list[float], float]:
        """Seconds of all together, and of each trial; the best objective."""
        began = time.monotonic()
        static = all_hyperparameters(self._settings, {**self._static, "feature-views": "0"})
        trials, best = self._tune("bench-loop", static, self._pictures)
        return time.monotonic() - began, trials, best

    def _tune(self, name: str, static: dict[str, str], channels: dict[str, str]) -> tuple[list[float], float]:
        request = tuning_job_request(
            self._settings,
            self._layout,
            name=name,
            image=self._image,
            role_arn=self._role,
            channels=channels,
            static=static,
            ranges=self._settings.tune.ranges,
            parents=[],
            warm_start_type="",
        )
        self._api.create_hyper_parameter_tuning_job(**request)
        describe = self._api.describe_hyper_parameter_tuning_job
        done = until(
            lambda: ended(describe(HyperParameterTuningJobName=name), "HyperParameterTuningJobStatus"), 4 * 3600
        )
        assert done["TrainingJobStatusCounters"]["Completed"] == TRIALS, done
        listed = self._api.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, MaxResults=100
        )
        jobs = [
            self._api.describe_training_job(TrainingJobName=one["TrainingJobName"])
            for one in listed["TrainingJobSummaries"]
        ]
        seconds = [(one["TrainingEndTime"] - one["CreationTime"]).total_seconds() for one in jobs]
        best = done["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        print(
            f"{name}: {TRIALS} trials, {min(seconds):.1f} to {max(seconds):.1f} s each, best valid_accuracy {best:.4f}",
            flush=True,
        )
        return seconds, best


def ended(description: dict, status: str) -> dict | None:
    return description if description[status] in ("Completed", "Failed", "Stopped") else None


def same_answer(engine: DockerClient, image: str, data: Path) -> Figure:
    """Valid accuracy with the bank beside the whole network's over the same views, by seed."""
    found = run_program(engine, image, "same_answer.py", [], data, ["tests/container/jobs/same_views.py"])
    points = [100 * (bank - loop) for bank, loop in zip(found["bank"], found["loop"], strict=True)]
    return no_worse(
        f"valid accuracy, same views: {interval(points, '+.1f')} points",
        found["bank"],
        found["loop"],
        "whole network",
        at_least=True,
    )


if __name__ == "__main__":
    main()
