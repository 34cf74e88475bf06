"""`python -m local_test.demo`: push, upload, tune, train, deploy, predict and delete, by the scripts, on the local
SageMaker.

Writes summary.json and page.html. The exit status is 0 only when the endpoint named at least 90% of the test pictures
of the sample data; with a user's own photographs it is 0 when they were answered."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

from local_test import background, service_address
from local_test.demo.data_folder import data_folder, pictures_of
from local_test.demo.demo_page import write_page
from local_test.demo.demo_recipe import (
    ORIGIN,
    OVERLAP,
    PHOTOGRAPH_VIEWS,
    RANGES,
    SAMPLE_VIEWS,
    SEARCH,
    recipe_for,
)
from local_test.demo.sample_data import draw_sample_data
from local_test.environment import variables
from local_test.host.engine import NoEngine
from local_test.host.identity import access_key_of

SAMPLE_GOAL = 0.9
MOST_PICTURES = 1000  # sent to the endpoint; of a larger test split, every n-th
ROOT = Path(__file__).parents[2]


class DemoFailed(RuntimeError):
    """A step of the demo did not do what it should; the message says which and why."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description="Push, upload, tune, train, deploy, predict and delete on this machine."
    )
    parser.add_argument("--data", type=Path, help="folder or zip of photographs; default: the sample data set")
    parser.add_argument("--output", type=Path, default=Path("out/demo"))
    parser.add_argument("--folder", type=Path, default=Path("out/local"), help="of the local SageMaker")
    chosen = parser.parse_args(arguments)
    try:
        chosen.output.mkdir(parents=True, exist_ok=True)
        summary = run_demo(chosen.data, chosen.output, chosen.folder)
    except (NoEngine, background.ServiceFailed, DemoFailed, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if chosen.data is None and summary["accuracy"] < SAMPLE_GOAL:
        print(
            f"error: the accuracy on the sample's test pictures is {summary['accuracy']:.1%}, and should be at least "
            f"{SAMPLE_GOAL:.0%}. {chosen.output / 'page.html'} shows each.",
            file=sys.stderr,
        )
        return 1
    return 0


def run_demo(source: Path | None, output: Path, folder: Path) -> dict[str, Any]:
    """The whole demo. Returns what it wrote to summary.json. The service is ended if it did not run before."""
    data = _prepared_data(source, output)
    was_running = service_address.running(folder) is not None
    _heading("Starting the local SageMaker" if not was_running else "The local SageMaker runs already")
    address = background.start(folder, None)
    print(address.url)
    try:
        return _through_the_scripts(Scripts(address, folder), data, source is not None, output)
    finally:
        if not was_running:
            background.stop(folder)


class Scripts:
    """Runs the programs of scripts/ as a user would, in an environment that leads to the local SageMaker."""

    def __init__(self, address: service_address.Address, folder: Path):
        self.address, self.folder = address, folder
        changed = variables(address, access_key_of(folder), folder, os.environ)
        self._environment = {name: value for name, value in os.environ.items() if name not in changed}
        self._environment |= {name: value for name, value in changed.items() if value is not None}

    def run(
        self,
        verb: str,
        *arguments: str,
        output: bool = False,
        may_fail: bool = False,
        settings: dict[str, str] | None = None,
    ) -> str:
        """Run one verb. output: return what it prints instead of showing it. settings: variables. Raises DemoFailed."""
        shown = " ".join(arguments) if len(arguments) < 20 else f"{len(arguments)} arguments"
        _heading(
            f"make local-{verb}  (python -m scripts.{verb} {shown})"
            if shown
            else f"make local-{verb}  (python -m scripts.{verb})"
        )
        command = [sys.executable, "-m", f"scripts.{verb}", *arguments]
        done = subprocess.run(
            command,
            env={**self._environment, **(settings or {})},
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE if output else None,
        )
        if done.returncode != 0 and not may_fail:
            raise DemoFailed(f"`{verb}` ended with status {done.returncode}; what it said is above.")
        return done.stdout or ""


def _through_the_scripts(scripts: Scripts, data: Path, photographs: bool, output: Path) -> dict[str, Any]:
    _check_that_nothing_is_replaced(scripts.folder, scripts.address)
    views = PHOTOGRAPH_VIEWS if photographs else SAMPLE_VIEWS
    recipe = recipe_for(len(pictures_of(data / "train")), views)
    chosen = [f"{name}={value}" for name, value in recipe.items()]
    scripts.run("push")
    scripts.run("upload", str(data.resolve()), "--delete")
    searched = time.monotonic()
    scripts.run("tune", *chosen, *(word for one in RANGES for word in ("--range", one)), settings=SEARCH)
    began = time.monotonic()
    scripts.run("train", *chosen, "--from-tuning")
    trained = time.monotonic()
    scripts.run("report", "--no-open")
    try:
        scripts.run("deploy")
        deployed = time.monotonic()
        predictions, unanswered = _predict(scripts, data)
    finally:
        scripts.run("delete", "--yes")
    if not predictions:
        raise DemoFailed(f"No test picture was answered. The first error: {unanswered[0]['error']}")
    correct = sum(one["predicted"] == one["label"] for one in predictions)
    summary = {
        "accuracy": correct / len(predictions),
        "n_test": len(predictions),
        "classes": sorted({one["label"] for one in predictions}),
        "origin": f"{ORIGIN} {OVERLAP}" if photographs else ORIGIN,
        "tune_seconds": round(began - searched, 1),
        "train_seconds": round(trained - began, 1),
        "deploy_seconds": round(deployed - trained, 1),
        "hyperparameters": {**_winner(), **recipe},
        "unanswered": unanswered,
        "predictions": predictions,
    }
    (output / "summary.json").write_text(json.dumps(summary, indent=2))
    page = write_page(output / "page.html", summary, data)
    _heading(
        f"{correct} of {len(predictions)} test pictures classified rightly: accuracy {summary['accuracy']:.1%}, "
        f"chance {1 / len(summary['classes']):.1%}"
    )
    print(f"{summary['origin']}\n{output / 'summary.json'}\n{page}")
    return summary


def _winner() -> dict[str, Any]:
    """The hyperparameters of the tuning job that has just ended: `tune` leaves them in out/tuning."""
    newest = max((ROOT / "out/tuning").glob("*/best.json"), key=lambda file: file.stat().st_mtime)
    return json.loads(newest.read_text())["hyperparameters"]


def _check_that_nothing_is_replaced(folder: Path, address: service_address.Address) -> None:
    """`deploy` updates the endpoint of its prefix, and `delete` removes it: a user's own must not go that way."""
    prefix = os.environ.get("IMAGE_PREFIX") or tomllib.loads((ROOT / "sagemaker.toml").read_text())["prefix"]
    status = service_address.control(folder, address, "status")
    if status and prefix in status["endpoints"]:
        raise DemoFailed(
            f"The local SageMaker has an endpoint {prefix}, which the demo would replace. Run `make local-delete` "
            "first."
        )


def _prepared_data(source: Path | None, output: Path) -> Path:
    if source is not None:
        return data_folder(source, output.parent / "data")
    folder = output.parent / "data" / "sample"
    _heading(f"Drawing the sample data set in {folder}")
    started = time.monotonic()
    print(f"drawn in {time.monotonic() - started:.0f} s" if draw_sample_data(folder) else "it is there already")
    return folder


def _predict(scripts: Scripts, data: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Predictions, and the pictures that the endpoint refused with its reason."""
    every_one = pictures_of(data / "test")
    step = -(-len(every_one) // MOST_PICTURES)
    test = {str(path.resolve()): (path, label) for path, label in every_one[::step]}
    if step > 1:
        print(f"{len(test)} of the {len(every_one)} test pictures are sent: every {step}th")
    answers = json.loads(scripts.run("predict", "--json", *test, output=True, may_fail=True))
    if not isinstance(answers, list):  # it asked no picture
        raise DemoFailed(f"`predict` asked nothing: {answers.get('error', 'see above')}")
    predictions, unanswered = [], []
    for answered in answers:
        path, label = test[answered["picture"]]
        picture = str(path.relative_to(data))
        if "error" in answered:
            unanswered.append({"picture": picture, "error": answered["error"]})
            continue
        best = answered["answer"]["predictions"][0]
        predictions.append(
            {"picture": picture, "label": label, "predicted": best["label"], "probability": best["probability"]}
        )
    for shown in predictions[:: max(1, len(predictions) // 10)][:10]:
        mark = "right" if shown["label"] == shown["predicted"] else "WRONG"
        print(f"{mark}  {shown['probability']:7.2%}  {shown['predicted']:24}  {shown['picture']}")
    return predictions, unanswered


def _heading(text: str) -> None:
    print(f"\n== {text}", flush=True)


def _run() -> None:
    """Run `main` and exit with its status; 128 + the signal's number when one ends it.

    Ctrl-C and SIGTERM end it through its `finally` clauses, which remove its containers, and without a traceback.
    """
    signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(128 + signum))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    _run()
