"""The training program. sagemaker-training runs it in the train image:

    docker run IMAGE train                                  # with /opt/ml as SageMaker lays it out
    python container/train.py --epochs 3 --image-size 64    # the same by hand, with the SM_* variables set

It reads the channels `train`, `valid` and, when given, `test` and `pretrained`, or a channel `features` in their place;
prints one metric line an epoch; keeps the best model by validation accuracy in SM_MODEL_DIR and the figures of the test
split in SM_OUTPUT_DATA_DIR.
"""

import gc

gc.disable()  # what is imported stays: looking for garbage in it takes a tenth of a trial that trains on features

import os
import sys
import traceback
from pathlib import Path

import torch

from container import hyperparameters
from container.channels import channel, picture_channels
from container.compute import Compute
from container.failure import TrainingFailure, write_failure
from container.feature_bank import FeatureBank
from container.stop_request import StopRequest

gc.freeze()
gc.enable()


def main(arguments: list[str]) -> int:
    """Train, or say in /opt/ml/output/failure why not. Returns the exit status."""
    output_dir = Path(os.environ.get("SM_OUTPUT_DIR", "/opt/ml/output"))
    try:
        train(hyperparameters.parse(arguments))
    except TrainingFailure as failure:
        write_failure(str(failure), output_dir)
        print(f"error: {failure}", file=sys.stderr)
        return 1
    except Exception as error:
        write_failure(f"{type(error).__name__}: {error}. The traceback is in the log.", output_dir)
        traceback.print_exc()
        return 1
    return 0


def train(chosen: hyperparameters.Hyperparameters) -> None:
    """Train on the bank in channel `features` when there is one, else on the pictures. Raises TrainingFailure."""
    stop = StopRequest()
    compute = Compute.choose()
    model_dir, output_data_dir = Path(os.environ["SM_MODEL_DIR"]), Path(os.environ["SM_OUTPUT_DATA_DIR"])
    print(f"running on {compute}, torch {torch.__version__}")
    if chosen.features_only and (channel("features") or not chosen.trains_on_features):
        raise TrainingFailure(
            "Hyperparameter features-only makes a feature bank: it wants freeze-backbone=true, feature-views above 0, mixup=0 and no "
            "channel features."
        )
    if channel("features"):
        from container.train_on_features import train_on_features

        bank = FeatureBank(channel("features"))
        bank.check(chosen, channel("pretrained"), picture_channels())
        print(f"feature bank {bank.manifest.key} from channel features, backbone weights: {bank.manifest.weights_origin or 'random'}")
        train_on_features(bank, chosen, compute, stop.made, model_dir, output_data_dir)
    else:
        from container.train_on_pictures import train_on_pictures  # torchvision: a second that a trial on features need not wait

        train_on_pictures(chosen, compute, stop.made, model_dir, output_data_dir)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # everything is written; taking torch apart would take Python another second
