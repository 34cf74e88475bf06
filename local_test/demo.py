"""`python -m local_test.demo`: train in the train image, serve from the serve image, send the test pictures, say what came back.

Writes summary.json and page.html. The exit status is 0 only when the model named at least 90% of the test pictures of
the sample data; with a user's own photographs it is 0 when they were answered.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from local_test.archives import read_member
from local_test.data_folder import data_folder, pictures_of
from local_test.demo_page import write_page
from local_test.endpoint import Endpoint, EndpointFailed, ModelError, serve
from local_test.engine import NoEngine, connect
from local_test.honoured_fields import NotHonoured
from local_test.local_request import PHOTOGRAPH_RECIPE, PHOTOGRAPH_VIEWS, SAMPLE_RECIPE, epochs_for, training_request
from local_test.sample_data import draw_sample_data
from local_test.termination import run
from local_test.training_job import run_training_job

SAMPLE_GOAL = 0.9
MOST_PICTURES = 1000  # sent to the endpoint; of a larger test split, every n-th


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Train, serve and predict on this machine.")
    parser.add_argument("--train-image", required=True)
    parser.add_argument("--serve-image", required=True)
    parser.add_argument("--data", type=Path, help="folder or zip of photographs; default: the sample data set")
    parser.add_argument("--output", type=Path, default=Path("out/demo"))
    chosen = parser.parse_args(arguments)
    try:
        summary = run_demo(chosen.train_image, chosen.serve_image, chosen.data, chosen.output)
    except (NoEngine, NotHonoured, EndpointFailed, ModelError, DemoFailed, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if chosen.data is None and summary["accuracy"] < SAMPLE_GOAL:
        print(f"error: the sample model named {summary['accuracy']:.1%}, less than {SAMPLE_GOAL:.0%}", file=sys.stderr)
        return 1
    return 0


class DemoFailed(RuntimeError):
    """A step of the demo did not do what it should; the message says which and why."""


def run_demo(train_image: str, serve_image: str, source: Path | None, output: Path) -> dict:
    """The whole demo. Returns what it wrote to summary.json."""
    client = connect()
    data = _prepared_data(source, output)
    every_one = pictures_of(data / "test")
    test = every_one[:: -(-len(every_one) // MOST_PICTURES)]
    if len(test) < len(every_one):
        print(f"{len(test)} of the {len(every_one)} test pictures will be sent: every {-(-len(every_one) // MOST_PICTURES)}th")

    recipe = dict(SAMPLE_RECIPE)
    if source is not None:
        recipe = {**PHOTOGRAPH_RECIPE, "epochs": str(epochs_for(len(pictures_of(data / "train")), PHOTOGRAPH_VIEWS))}
    request = training_request(train_image, data, recipe, output / "jobs")
    _heading(f"Training {request['TrainingJobName']} in {train_image}: {' '.join(f'{k}={v}' for k, v in recipe.items())}")
    result = run_training_job(client, request, print)
    if result.status != "Completed" or result.model is None or result.output is None:
        raise DemoFailed(f"The training job is {result.status}: {result.failure_reason}")

    _heading(f"Serving {result.model.name} ({result.model.stat().st_size / 1e6:.0f} MB) from {serve_image}")
    with serve(client, "demo", serve_image, result.model) as endpoint:
        print(f"in service after {endpoint.ready_seconds:.1f} s")
        predictions, unanswered = _predict_all(endpoint, test, data)
    if not predictions:
        raise DemoFailed(f"No test picture was answered. The first error: {unanswered[0]['error']}")

    correct = sum(prediction["predicted"] == prediction["label"] for prediction in predictions)
    summary = {
        "accuracy": correct / len(predictions),
        "n_test": len(predictions),
        "classes": sorted({label for _, label in test}),
        "train_seconds": round(result.seconds, 1),
        "serve_ready_seconds": round(endpoint.ready_seconds, 1),
        "hyperparameters": recipe,
        "evaluation_in_training": json.loads(read_member(result.output, "evaluation.json"))["top1"],
        "unanswered": unanswered,
        "predictions": predictions,
    }
    (output / "summary.json").write_text(json.dumps(summary, indent=2))
    page = write_page(output / "page.html", summary, data)
    _heading(f"{correct} of {len(predictions)} test pictures named: accuracy {summary['accuracy']:.1%}, "
             f"chance {1 / len(summary['classes']):.1%}")
    print(f"{output / 'summary.json'}\n{page}")
    return summary


def _prepared_data(source: Path | None, output: Path) -> Path:
    if source is not None:
        return data_folder(source, output.parent / "data")
    folder = output.parent / "data" / "sample"
    _heading(f"Drawing the sample data set in {folder}")
    started = time.monotonic()
    print(f"drawn in {time.monotonic() - started:.0f} s" if draw_sample_data(folder) else "it is there already")
    return folder


def _predict_all(endpoint: Endpoint, test: list[tuple[Path, str]], data: Path) -> tuple[list[dict], list[dict]]:
    """Predictions, and the pictures that the endpoint refused (400: it cannot read them) with its reason."""
    predictions, unanswered = [], []
    for path, label in test:
        content_type = "image/png" if path.suffix.lower() == ".png" else "image/jpeg"
        try:
            best = json.loads(endpoint.invoke(path.read_bytes(), content_type))["predictions"][0]
        except ModelError as error:
            if error.status != 400:
                raise
            print(f"warning: {path} is left out: {error}", file=sys.stderr)
            unanswered.append({"picture": str(path.relative_to(data)), "error": error.body})
            continue
        predictions.append({
            "picture": str(path.relative_to(data)),
            "label": label,
            "predicted": best["label"],
            "probability": best["probability"],
        })
    for shown in predictions[:: max(1, len(predictions) // 10)][:10]:
        mark = "right" if shown["label"] == shown["predicted"] else "WRONG"
        print(f"{mark}  {shown['probability']:7.2%}  {shown['predicted']:24}  {shown['picture']}")
    return predictions, unanswered


def _heading(text: str) -> None:
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    run(main)
