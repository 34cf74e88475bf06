"""The training program. sagemaker-training runs it in the train image:

    docker run IMAGE train                                  # with /opt/ml as SageMaker lays it out
    python container/train.py --epochs 3 --image-size 64    # the same by hand, with the SM_* variables set

It reads the channels `train`, `valid` and, when given, `test` and `pretrained`, or a channel `features` in their place;
prints one metric line an epoch; keeps the best model by validation accuracy in SM_MODEL_DIR and the figures of the test
split in SM_OUTPUT_DATA_DIR. With several GPUs or hosts it is several processes that train one model.
"""

import gc

gc.disable()  # imported modules stay: collecting garbage among them takes a tenth of a trial on features

import contextlib
import os
import signal
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

import torch

from container.data.class_folders import channel, picture_channels
from container.jobs.failure_reason import reason_of
from container.jobs.feature_bank import FeatureBank
from container.jobs.run import Run
from container.jobs.run_records import opening_record, track
from container.runtime.device import ComputeDevice
from container.runtime.failure import KILLED, TrainingFailure, write_failure
from container.runtime.launch import ProcessRank, StopRequest, is_launched, process_ranks_here, run_all
from container.runtime.ranks import is_of_a_lost_peer, join
from container.training.hyperparameters import parse
from contract.feature_sharing import SWITCHES
from contract.hyperparameter_texts import as_text
from contract.hyperparameters import Hyperparameters

gc.freeze()
gc.enable()

SECONDS_FOR_THE_CAUSE = 20


def main(arguments: list[str]) -> int:
    """Train, or say in /opt/ml/output/failure why not. Returns the exit status."""
    output_dir = Path(os.environ.get("SM_OUTPUT_DIR", "/opt/ml/output"))
    stop, hyperparameters, process_ranks, run = StopRequest(), None, [], None
    if not is_launched(os.environ):
        with contextlib.suppress(OSError):  # a folder that cannot be written to has its own message, below
            (output_dir / "failure").unlink(missing_ok=True)  # an earlier run's, by hand in the same folders
    try:
        hyperparameters = parse(arguments)
        gpus = 1 if hyperparameters.trains_on_features else torch.cuda.device_count()
        process_ranks = process_ranks_here(os.environ, gpus)
        if len(process_ranks) > 1:
            return _run_all(process_ranks, arguments, stop, output_dir)
        run = Run(
            hyperparameters,
            ComputeDevice.choose(process_ranks[0].local_rank, hyperparameters.mixed_precision),
            model_dir=_folder("SM_MODEL_DIR", "for the model"),
            output_data_dir=_folder("SM_OUTPUT_DATA_DIR", "for the figures and the report"),
            process_rank=process_ranks[0],
            stop_requested=stop.made,
            arguments=arguments,
        )
        if train(run):
            run.monitor.close("Completed")
        else:
            run.monitor.close("Stopped", run.monitor.stop_reason() or "Stopped on request.")
    except Exception as error:
        lost = any(one.world_size > 1 for one in process_ranks) and is_of_a_lost_peer(error)
        if lost:
            _wait_for_the_cause(stop)
        reason = reason_of(error, hyperparameters, lost)
        if not isinstance(error, TrainingFailure):
            traceback.print_exc()
        print(f"error: {reason}", file=sys.stderr, flush=True)
        write_failure(reason, output_dir)
        if run:
            run.monitor.close("Failed", reason)
        return 1
    return 0


def train(run: Run) -> bool:
    """Train on the bank in channel `features` when there is one, else on the pictures.

    Returns False when a stop was requested before the end. Raises TrainingFailure."""
    hyperparameters, process_rank = run.hyperparameters, run.process_rank
    if hyperparameters.trains_on_features and process_rank.world_size > 1:
        raise TrainingFailure(
            "Features of a frozen backbone are made and used by one instance. Set the instance count to 1, or train "
            "in the ordinary loop with feature-views=0."
        )
    if process_rank.rank == 0 and not hyperparameters.features_only:
        run.monitor.track(track(run))
    if run.is_monitored:
        run.monitor.open(opening_record(run), hyperparameters, run.device, run.output_data_dir)
    several = process_rank.world_size > 1
    together = f", process {process_rank.rank + 1} of {process_rank.world_size}" if several else ""
    print(f"running on {run.device}, torch {torch.__version__}{together}")
    if hyperparameters.features_only and (channel("features") or not hyperparameters.trains_on_features):
        raise TrainingFailure(
            "Hyperparameter features-only makes a feature bank: it needs freeze-backbone=true, feature-views above 0, "
            "neither mixup, cutmix, trivial-augment nor test-flip, and no channel features. This job has "
            f"{_what_features_need(hyperparameters)}."
        )
    if features := channel("features"):
        from container.jobs.train_on_features import train_on_features

        bank = FeatureBank(features)
        bank.check(hyperparameters, channel("pretrained"), picture_channels())
        print(
            f"feature bank {bank.manifest.key} from channel features, backbone weights: "
            f"{bank.manifest.weights_origin or 'random'}"
        )
        return train_on_features(run, bank)
    # imports torchvision, which takes a second that a trial on features saves
    from container.jobs.train_on_pictures import train_on_pictures

    ranks = join(process_rank, run.device.torch_device) if several else run.ranks
    return train_on_pictures(replace(run, ranks=ranks))


def _what_features_need(hyperparameters: Hyperparameters) -> str:
    """Whatever decides whether a job can make a feature bank, as it is in this one."""
    given = {name: getattr(hyperparameters, name.replace("-", "_")) for name in SWITCHES}
    values = [f"{name}={as_text(value)}" for name, value in given.items()]
    return ", ".join([*values, f"{'a' if channel('features') else 'no'} channel features"])


def _folder(variable: str, purpose: str) -> Path:
    """The folder that a variable of sagemaker-training names. Raises TrainingFailure where it is not set."""
    if not (named := os.environ.get(variable)):
        raise TrainingFailure(
            f"The environment variable {variable} is not set. sagemaker-training sets it; by hand, let it name a "
            f"folder {purpose}."
        )
    return Path(named)


def _run_all(process_ranks: list[ProcessRank], arguments: list[str], stop: StopRequest, output_dir: Path) -> int:
    """Start one process for each GPU; each writes its own failure reason, except one that a signal ended."""

    def failed(status: int) -> None:
        if status < 0:
            ended = f"A process of the training program was ended by {signal.Signals(-status).name}."
            reason = KILLED if status == -signal.SIGKILL else f"{ended} The lines above it in the log may say why."
            print(f"error: {reason}", file=sys.stderr, flush=True)
            write_failure(reason, output_dir)

    status = run_all(process_ranks, [sys.executable, __file__, *arguments], stop.made, failed)
    return status if status >= 0 else 128 - status


def _wait_for_the_cause(stop: StopRequest) -> None:
    """Let the host with the cause end first: the platform takes the failure reason of the first host that ends."""
    deadline = time.monotonic() + SECONDS_FOR_THE_CAUSE
    while not stop.made() and time.monotonic() < deadline:
        time.sleep(0.1)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # everything is written; shutting torch down would take Python another second
