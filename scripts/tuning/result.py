"""Files that a tuning job leaves on this machine: out/tuning/<name>/ with best.json, trials.json, tuning.png and
page.html.
"""

import json
from pathlib import Path
from typing import Any

from scripts.aws.clients import Aws
from scripts.aws.jobs import TRIAL
from scripts.console.document import Document
from scripts.console.make import make
from scripts.console.tables import print_table
from scripts.console.waits import Wait
from scripts.tuning.job import Trial, Tuning, hyperparameters_of
from scripts.tuning.page import page
from scripts.tuning.table import heading, shown_objective, shown_value, table

FOLDER = Path("out/tuning")


def show_result(aws: Aws, tuning: Tuning, document: Document) -> str | None:
    """Print the trials of a tuning job that has ended, the best first, and write the files.

    Returns None where it is Completed and has a best trial, otherwise why not. document: gets what is printed.
    """
    best = tuning.best_trial
    print_table(table(tuning, tuning.ranked()))
    print(f"\n{heading(tuning)}")
    model = TRIAL.describe(aws, best.name).get("ModelArtifacts", {}).get("S3ModelArtifacts") if best else None
    document.update(**trials_as_json(tuning), best=_best_as_json(tuning, best, model) if best else None)
    if tuning.trials:
        with Wait("the page of the tuning job"):
            write_files(tuning, model, FOLDER / tuning.name)
        document.update(page=str(FOLDER / tuning.name / "page.html"))
        if best:
            tuned = " ".join(f"{name}={shown_value(value)}" for name, value in best.hyperparameters.items())
            print(f"best: {best.name} {tuning.metric}={shown_objective(best)} {tuned}")
        if model:
            print(f"model: {model}")
        print(f"page: {FOLDER / tuning.name / 'page.html'}")
    if best:
        from_tuning, job = f'ARGS="--from-tuning {tuning.name}"', f'ARGS="--job {best.name}"'
        own = f", or {make('deploy')} {job} for this trial's own model" if model else ""
        print(f"next: {make('train')} {from_tuning}{own}")
    return None if tuning.status == "Completed" and best else _why(tuning)


def trials_as_json(tuning: Tuning) -> dict[str, Any]:
    """The tuning job and its trials as --json has them."""
    return {"job": tuning.name, "status": tuning.status, "trials": [_as_json(trial) for trial in tuning.trials]}


def write_files(tuning: Tuning, model: str | None, folder: Path) -> None:
    """Write the four files; best.json only when there is a best trial. model: URI of the best trial's."""
    # Here, not above: matplotlib's import takes half a second, which `make logs` of another job need not wait for.
    from scripts.tuning.picture import DARK, LIGHT, panel_pictures, write_picture

    folder.mkdir(parents=True, exist_ok=True)
    best = tuning.best_trial
    if best:
        found = {"tuning_job": tuning.name, **_best_as_json(tuning, best, model)}
        (folder / "best.json").write_text(json.dumps(found, indent=2))
    else:
        (folder / "best.json").unlink(missing_ok=True)
    (folder / "trials.json").write_text(json.dumps([_as_json(trial) for trial in tuning.trials], indent=2))
    write_picture(tuning, folder / "tuning.png")
    light, dark = panel_pictures(tuning, LIGHT), panel_pictures(tuning, DARK)
    pictures = [(label, one, other) for (label, one), (_, other) in zip(light, dark, strict=True)]
    (folder / "page.html").write_text(page(tuning, pictures, model), encoding="utf-8")


def _best_as_json(tuning: Tuning, best: Trial, model: str | None) -> dict[str, Any]:
    return {
        "job": best.name,
        "objective": {"name": tuning.metric, "value": best.objective},
        "hyperparameters": hyperparameters_of(tuning, best),
        "model": model,
    }


def _as_json(trial: Trial) -> dict[str, Any]:
    times = {name: time and time.isoformat() for name, time in (("started", trial.started), ("ended", trial.ended))}
    return {**vars(trial), **times}


def _why(tuning: Tuning) -> str:
    reason = f": {tuning.failure.rstrip('.')}." if tuning.failure else "."
    if tuning.trials and all(trial.status == "Failed" for trial in tuning.trials):
        first = next((trial for trial in tuning.trials if trial.failure), tuning.trials[0])
        return f"Every trial of {tuning.name} failed. {first.name}: {first.failure or 'no reason given'}"
    if tuning.best_trial is None:
        return f"The tuning job {tuning.name} is {tuning.status} without a best trial{reason}"
    return f"The tuning job {tuning.name} is {tuning.status}{reason}"
