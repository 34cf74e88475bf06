"""`python -m scripts.compare [NAME ...]`: trainings side by side, their hyperparameters, figures and curves, as a table
and as a page; of a tuning job, its best trials.
"""

import argparse
import itertools
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from contract.atomic_write import write_atomically
from contract.feature_sharing import makes_features
from contract.opt_ml import MLFLOW, MLFLOW_RUN_FOLDERS, TENSORBOARD
from scripts.aws.clients import Aws
from scripts.aws.jobs import TRAINING, TUNING
from scripts.comparison.page import page
from scripts.comparison.reading import read_runs
from scripts.comparison.run import Run
from scripts.comparison.style import MOST_RUNS
from scripts.comparison.text import lines
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.console.make import make
from scripts.console.terminal import show_in_browser
from scripts.console.waits import Wait
from scripts.tuning.job import read_tuning

FOLDER = Path("out/compare")
SHOWN = 8  # trainings, by default


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = _parser()
    args = parser.parse_args(arguments)
    if not 1 <= args.last <= MOST_RUNS:
        parser.error(f"--last must be at least 1 and at most {MOST_RUNS}")
    found = document(args.json)
    aws = Aws(load_settings())
    descriptions = _named(aws, args.names, args.last) if args.names else _newest(aws, args.last)
    with Wait(f"what {_count(descriptions)} left"):
        runs = read_runs(aws, descriptions)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print("\n".join(lines(runs, width)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    commands = write_tracking(runs, FOLDER)
    heading = f"{_count(descriptions)} compared"
    write_atomically(FOLDER / "page.html", page(runs, heading, commands))
    print(f"page: {FOLDER / 'page.html'}")
    found.update(trainings=[_as_json(run) for run in runs], page=str(FOLDER / "page.html"))
    for _, command in commands:
        print(f"see also: {command}")
    if not args.no_open:
        show_in_browser(FOLDER / "page.html")
    return 0


def _newest(aws: Aws, count: int) -> list[dict[str, Any]]:
    """The descriptions of the newest training jobs, the newest first, but for those that made features. Raises Failure
    where there is none.
    """
    every = (TRAINING.describe(aws, one["TrainingJobName"]) for one in TRAINING.newest_first(aws))
    trainings = (one for one in every if not makes_features(one.get("HyperParameters", {})))
    found = list(itertools.islice(trainings, count))
    if not found:
        raise Failure(
            f"{aws.settings.prefix} has no training job in {aws.region}, so there is nothing to compare. Run "
            f"`{make('train')}`."
        )
    return found


def _named(aws: Aws, names: list[str], most_trials: int) -> list[dict[str, Any]]:
    """The descriptions of these jobs, each once; a tuning job stands for its best trials. Raises Failure for a name
    that no job has, and for too many.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        description = TRAINING.find(aws, name)
        if description:
            found[name] = description
            continue
        if TUNING.find(aws, name) is None:
            raise Failure(
                f"There is no training job and no tuning job {name} in {aws.region}. `{make('status')}` lists what is "
                "there."
            )
        trials = read_tuning(aws, name).ranked()[:most_trials]
        if not trials:
            raise Failure(f"The tuning job {name} has no trials yet. Run this again in a minute.")
        found |= {trial.name: TRAINING.describe(aws, trial.name) for trial in trials}
    if len(found) > MOST_RUNS:
        raise Failure(f"{len(found)} trainings are named, and at most {MOST_RUNS} are compared. Name fewer.")
    return list(found.values())


def write_tracking(runs: Sequence[Run], folder: Path) -> list[tuple[str, str]]:
    """Write the runs' files for TensorBoard and MLflow below `folder`, in the place of those of an earlier comparison.
    Returns what looks at them, and the command.

    A run's event files are in a folder of its name; in MLflow's store every run has one of its own already.
    """
    events, store = folder / TENSORBOARD, folder / MLFLOW
    for one in (events, store):
        shutil.rmtree(one, ignore_errors=True)
    for run in runs:
        for name, content in run.tracking.items():
            top, *rest = PurePosixPath(name).parts
            if not rest or ".." in rest:  # a name that came with data
                continue
            path = (events / run.name if top == TENSORBOARD else store).joinpath(*rest)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for described in store.glob("*/*/meta.yaml"):  # the archive's files alone were read, not its empty folders
        for part in MLFLOW_RUN_FOLDERS:
            (described.parent / part).mkdir(exist_ok=True)
    commands = [
        (events, "In TensorBoard (pip install tensorboard):", f"tensorboard --logdir {events}"),
        (
            store,
            "In MLflow (pip install mlflow):",
            f"MLFLOW_ALLOW_FILE_STORE=true mlflow server --backend-store-uri {store}",
        ),
    ]
    return [(why, command) for path, why, command in commands if path.is_dir()]


def _as_json(run: Run) -> dict[str, Any]:
    return {
        "job": run.name,
        "status": run.status,
        "reason": run.reason,
        "notes": list(run.notes),
        "created": run.made,
        "hyperparameters": run.hyperparameters,
        "figures": {name: figure.value for name, figure in run.figures.items()},
    }


def _count(descriptions: list[dict[str, Any]]) -> str:
    return f"{len(descriptions)} training{'s'[: len(descriptions) != 1]}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="compare",
        description="Show trainings side by side: hyperparameters, those that differ first, figures and curves, as a "
        "table here and as a page.",
    )
    add = parser.add_argument
    add(
        "names",
        nargs="*",
        metavar="name",
        help="training jobs, or a tuning job for its best trials; default: the newest training jobs",
    )
    add(
        "--last",
        type=int,
        default=SHOWN,
        metavar="N",
        help="how many of the newest training jobs, or of a tuning job's best trials (default: %(default)s)",
    )
    add("--no-open", action="store_true", help="only write the page")
    add_json_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
