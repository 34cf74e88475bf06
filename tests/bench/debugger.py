"""`python -m tests.bench.debugger --train-image IMAGE [--data FOLDER_OR_ZIP]`: what hook, rules and profile cost a training step.

With default settings, in the train image, beside the same epochs without them, in turn. Writes out/bench/debugger.json.
"""

import argparse
from pathlib import Path

from local_test.data_folder import data_folder
from local_test.engine import connect
from tests.bench.drawn_data import drawn
from tests.bench.figures import Figure, figure, write
from tests.bench.program_in_image import run_program

# What an instrument may add to the time of a step.
GOALS = {"hook": 1.03, "hook and rules": None, "profile": 1.02, "all": None}
BESIDE = ["tests/bench/training_speed.py", "tests/bench/reference.py", "tests/bench/one_core_each.py"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what watching a run costs.")
    parser.add_argument("--train-image", required=True)
    parser.add_argument("--data", type=Path, help="folder or zip of pictures; default: some that are drawn")
    chosen = parser.parse_args()
    data = data_folder(chosen.data, Path("out/data")) if chosen.data else drawn(Path("out/data/bench"))
    engine = connect()
    found = run_program(engine, chosen.train_image, "debugger_speed.py", [], data, BESIDE)
    versions = run_program(engine, chosen.train_image, "training_speed.py", ["versions"], data, BESIDE[1:])
    write(Path("out/bench/debugger.json"), debugger_figures(found), [], versions)


def debugger_figures(found: dict) -> list[Figure]:
    seconds, steps = found["seconds"], found["steps"]
    return [
        figure(f"{steps} steps with {name}, tensors saved every {found['save_interval']} steps", seconds[name], seconds["off"], "without", "s", goal)
        for name, goal in GOALS.items()
    ]


if __name__ == "__main__":
    main()
