"""The training program. sagemaker-training runs it in the train image:

    docker run IMAGE train                                  # with /opt/ml as SageMaker lays it out
    python container/train.py --epochs 3 --image-size 64    # the same by hand, with the SM_* variables set

It reads the channels `train`, `valid` and, when given, `test` and `pretrained`; prints one metric line an epoch; keeps
the best model by validation accuracy in SM_MODEL_DIR and the figures of the test split in SM_OUTPUT_DATA_DIR.
"""

import json
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import torch

from container import hyperparameters
from container.checkpoint import load_checkpoint, save_checkpoint
from container.data import SPLITS, read_split
from container.evaluation_report import evaluation_report
from container.failure import TrainingFailure, write_failure
from container.model import HEAD_WIDTHS, check_input, create_model, freeze_backbone
from container.picture_store import decode_split
from container.preprocessing import Preprocessing
from container.pretrained import load_pretrained
from container.training import Compute, Trainer, evaluate


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
    stop = _StopOnSigterm()
    started = time.monotonic()
    torch.manual_seed(chosen.seed)
    compute = Compute.choose()
    preprocessing = Preprocessing.for_image_size(chosen.image_size)
    model_dir, output_data_dir = Path(os.environ["SM_MODEL_DIR"]), Path(os.environ["SM_OUTPUT_DATA_DIR"])
    print(f"running on {compute}, torch {torch.__version__}")

    # Everything that can be wrong with the request is looked at before the first picture is decoded.
    splits = _read_splits()
    classes = splits["train"].classes
    model = create_model(chosen.arch, len(classes), HEAD_WIDTHS, chosen.dropout)
    if chosen.pretrained == "auto":
        print(f"pretrained weights: {load_pretrained(model, chosen.arch, _channel('pretrained'))}")
    if chosen.freeze_backbone:
        freeze_backbone(model)

    check_input(model, chosen.arch, chosen.image_size, min(chosen.batch_size, len(splits["train"].paths)))
    torch.manual_seed(chosen.seed)  # whatever the trial and the loading drew

    with tempfile.TemporaryDirectory(prefix="pictures-") as folder:
        stores = {}
        for name, split in splits.items():
            stores[name] = decode_split(split, preprocessing, Path(folder), chosen.workers)
            left_out = f", {len(stores[name].unreadable)} unreadable left out" if stores[name].unreadable else ""
            print(f"channel {name}: {len(stores[name])} pictures, {len(classes)} classes{left_out}")
            for warning in split.warnings:
                print(f"warning: {warning}", file=sys.stderr)
        print(f"pictures decoded in {time.monotonic() - started:.1f} s")

        trainer = Trainer(model, stores["train"], len(classes), preprocessing, chosen, compute, stop.requested)
        best = None
        for epoch in range(1, chosen.epochs + 1):
            epoch_started = time.monotonic()
            train_loss = trainer.train_one_epoch(epoch)
            valid = evaluate(model, stores["valid"], preprocessing, compute)
            print(
                f"epoch={epoch} train_loss={train_loss:.4f} valid_loss={valid.loss:.4f} "
                f"valid_accuracy={valid.accuracy:.4f} seconds={time.monotonic() - epoch_started:.1f}"
            )
            if best is None or (valid.accuracy, -valid.loss) > best:
                best = (valid.accuracy, -valid.loss)
                facts = {"epoch": epoch, "valid_accuracy": valid.accuracy, "valid_loss": valid.loss}
                save_checkpoint(model_dir, model, chosen.arch, HEAD_WIDTHS, classes, preprocessing, facts)
            if stop.requested():
                print(f"stopped on request in epoch {epoch}; the best model so far is kept")
                return

        checkpoint = load_checkpoint(model_dir)
        print(f"best epoch: {checkpoint.facts['epoch']}, valid_accuracy {checkpoint.facts['valid_accuracy']:.4f}")
        if "test" in stores:
            test = evaluate(checkpoint.model.to(compute.device), stores["test"], preprocessing, compute)
            report = evaluation_report(test, classes)
            output_data_dir.mkdir(parents=True, exist_ok=True)
            (output_data_dir / "evaluation.json").write_text(json.dumps(report, indent=2))
            low, high = report["top1_interval_95"]
            print(
                f"test_loss={report['loss']:.4f} test_accuracy={report['top1']:.4f} test_top5={report['top5']:.4f} "
                f"(95% interval of test_accuracy {low:.4f} to {high:.4f}, {report['n']} pictures)"
            )


def _read_splits() -> dict:
    """The splits by name; `test` only where its channel is given. Their classes are those of `train`."""
    splits = {}
    for name in SPLITS:
        channel = _channel(name)
        if channel is None and name == "test":
            print("no channel test: the model is not evaluated on a test split")
            continue
        if channel is None:
            raise TrainingFailure(f"Channel {name} is missing. Add it to the request's InputDataConfig.")
        splits[name] = read_split(channel, name, splits["train"].classes if splits else None)
    return splits


def _channel(name: str) -> Path | None:
    folder = os.environ.get(f"SM_CHANNEL_{name.upper()}")
    return Path(folder) if folder else None


class _StopOnSigterm:
    """SageMaker stops a job with SIGTERM and kills it 120 s later; the step under way is finished first."""

    def __init__(self):
        self._requested = False
        signal.signal(signal.SIGTERM, self._note)

    def _note(self, signum, frame) -> None:
        self._requested = True

    def requested(self) -> bool:
        return self._requested


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
