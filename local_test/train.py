"""`python -m local_test.train --image IMAGE --data DATA`: run one training job here and say where its model is."""

import argparse
import sys
from pathlib import Path

from local_test.data_folder import data_folder
from local_test.engine import NoEngine, connect
from local_test.honoured_fields import NotHonoured
from local_test.local_request import training_request
from local_test.termination import run
from local_test.training_job import run_training_job


def hyperparameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not name=value")
    return name, value


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Run one training job on this machine.")
    parser.add_argument("--image", required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder or zip with train, valid and test")
    parser.add_argument("--output", type=Path, default=Path("out/local"))
    parser.add_argument("hyperparameters", nargs="*", type=hyperparameter, metavar="name=value")
    chosen = parser.parse_args(arguments)
    try:
        data = data_folder(chosen.data, chosen.output.parent / "data")
        request = training_request(chosen.image, data, dict(chosen.hyperparameters), chosen.output)
        result = run_training_job(connect(), request, print)
    except (NoEngine, NotHonoured, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"\n{request['TrainingJobName']}: {result.status} after {result.seconds:.0f} s")
    if result.failure_reason:
        print(f"FailureReason: {result.failure_reason}")
    for archive in (result.model, result.output):
        if archive:
            print(archive)
    return 0 if result.status == "Completed" else 1


if __name__ == "__main__":
    run(main)
