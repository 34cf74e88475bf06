"""The training program. sagemaker-training runs it in the train image:

    docker run IMAGE train                                  # with /opt/ml as SageMaker lays it out
    python container/train.py --epochs 3 --image-size 64    # the same by hand, with the SM_* variables set

It reads the channels `train`, `valid` and, when given, `test` and `pretrained`, or a channel `features` in their place;
prints one metric line an epoch; keeps the best model by validation accuracy in SM_MODEL_DIR and the figures of the test
split in SM_OUTPUT_DATA_DIR. With several GPUs or hosts it is several processes that train one model.
"""

import gc

gc.disable()  # what is imported stays: looking for garbage in it takes a tenth of a trial that trains on features

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import torch

from container.data.channels import channel, picture_channels
from container.jobs.failure_reason import reason_of
from container.jobs.feature_bank import FeatureBank
from container.jobs.monitoring import RunWatch
from container.runtime.device import Compute
from container.runtime.failure import KILLED, TrainingFailure, write_failure
from container.runtime.launch import Place, is_launched, places_here, run_all
from container.runtime.ranks import Ranks, is_of_a_lost_peer, join
from container.runtime.stop_request import StopRequest
from container.training import hyperparameters

gc.freeze()
gc.enable()

SECONDS_FOR_THE_CAUSE = 20


def main(arguments: list[str]) -> int:
    """Train, or say in /opt/ml/output/failure why not. Returns the exit status."""
    output_dir = Path(os.environ.get("SM_OUTPUT_DIR", "/opt/ml/output"))
    stop, chosen, places, watch = StopRequest(), None, [], RunWatch()
    if not is_launched(os.environ):
        with contextlib.suppress(OSError):  # a folder that cannot be written to has its own sentence, below
            (output_dir / "failure").unlink(missing_ok=True)  # an earlier run's, by hand in the same folders
    try:
        chosen = hyperparameters.parse(arguments)
        places = places_here(os.environ, 1 if chosen.trains_on_features else torch.cuda.device_count())
        if len(places) > 1:
            return _run_all(places, arguments, stop, output_dir)
        finished = train(chosen, places[0], stop.made, watch, arguments)
        watch.close(
            "Completed" if finished else "Stopped", "" if finished else watch.stop_reason() or "Stopped on request."
        )
    except Exception as error:
        lost = any(place.size > 1 for place in places) and is_of_a_lost_peer(error)
        if lost:
            _wait_for_the_cause(stop)
        reason = reason_of(error, chosen, lost)
        if not isinstance(error, TrainingFailure):
            traceback.print_exc()
        print(f"error: {reason}", file=sys.stderr, flush=True)
        write_failure(reason, output_dir)
        watch.close("Failed", reason)
        return 1
    return 0


def train(
    chosen: hyperparameters.Hyperparameters,
    place: Place,
    stop_requested: Callable[[], bool],
    watch: RunWatch,
    arguments: list[str],
) -> bool:
    """Train on the bank in channel `features` when there is one, else on the pictures.

    arguments: what `chosen` was read from. Returns False when a stop was requested before the end. Raises
    TrainingFailure."""
    if chosen.trains_on_features and place.size > 1:
        raise TrainingFailure(
            "Features of a frozen backbone are made and used by one instance. Set the instance count to 1, or train "
            "in the ordinary "
            "loop with feature-views=0."
        )
    compute = Compute.choose(place.on_host, chosen.mixed_precision)
    model_dir, output_data_dir = Path(os.environ["SM_MODEL_DIR"]), Path(os.environ["SM_OUTPUT_DATA_DIR"])
    watch.open(chosen, arguments, compute, place, output_data_dir)
    together = f", process {place.rank + 1} of {place.size}" if place.size > 1 else ""
    print(f"running on {compute}, torch {torch.__version__}{together}")
    if chosen.features_only and (channel("features") or not chosen.trains_on_features):
        raise TrainingFailure(
            "Hyperparameter features-only makes a feature bank: it wants freeze-backbone=true, feature-views above 0, "
            "neither mixup, "
            "cutmix, trivial-augment nor test-flip, and no channel features."
        )
    if channel("features"):
        from container.jobs.train_on_features import train_on_features

        bank = FeatureBank(channel("features"))
        bank.check(chosen, channel("pretrained"), picture_channels())
        print(
            f"feature bank {bank.manifest.key} from channel features, backbone weights: "
            f"{bank.manifest.weights_origin or 'random'}"
        )
        return train_on_features(bank, chosen, compute, stop_requested, model_dir, output_data_dir, watch)
    else:
        from container.jobs.train_on_pictures import (
            train_on_pictures,  # torchvision: a second that a trial on features need not wait
        )

        ranks = join(place, compute.device) if place.size > 1 else Ranks()
        return train_on_pictures(chosen, compute, ranks, stop_requested, model_dir, output_data_dir, watch)


def _run_all(places: list[Place], arguments: list[str], stop: StopRequest, output_dir: Path) -> int:
    """One process for each GPU; each writes its own reason, except one that was killed."""

    def failed(status: int) -> None:
        if status == -signal.SIGKILL:
            print(f"error: {KILLED}", file=sys.stderr, flush=True)
            write_failure(KILLED, output_dir)

    status = run_all(places, [sys.executable, __file__, *arguments], stop.made, failed)
    return status if status >= 0 else 128 - status


def _wait_for_the_cause(stop: StopRequest) -> None:
    """The platform takes the reason of the host that ends first, and stops the others: that one must not be
    overtaken.
    """
    deadline = time.monotonic() + SECONDS_FOR_THE_CAUSE
    while not stop.made() and time.monotonic() < deadline:
        time.sleep(0.1)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # everything is written; taking torch apart would take Python another second
