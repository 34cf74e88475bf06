"""Answers of a model with a threshold: the label is null where no class is likely enough."""

import base64
import json

import pytest

from container.model.head import HEAD_WIDTHS
from container.model.model_file import load_checkpoint, save_checkpoint

ALL, NONE = "0.0001", "1"  # thresholds: every picture has a label; none has


@pytest.fixture
def with_threshold(model_dir):
    """with_threshold(value): the model file says so."""

    def write(value):
        found = load_checkpoint(model_dir)
        save_checkpoint(
            model_dir,
            found.model.state_dict(),
            found.arch,
            HEAD_WIDTHS,
            found.classes,
            found.preprocessing,
            {},
            unknown_below=value,
        )

    return write


def many(*pictures: bytes) -> bytes:
    return json.dumps({"instances": [{"image": base64.b64encode(one).decode()} for one in pictures]}).encode()


def test_without_a_threshold_there_is_no_decision(load, request_of, outcome, picture, with_threshold, monkeypatch):
    with_threshold(0.5)
    monkeypatch.setenv("DOGBREED_UNKNOWN_BELOW", "0")  # the endpoint's comes before the model's
    one, several = request_of(picture()), request_of(many(picture()), "application/json")
    load().answer([one, several])
    assert list(outcome(one)[2]) == list(outcome(several)[2]) == ["predictions"]


@pytest.mark.parametrize("threshold", [ALL, NONE])
def test_the_endpoints_threshold_decides_and_the_predictions_are_as_without(
    load, request_of, outcome, picture, monkeypatch, threshold
):
    plain, decided = request_of(picture()), request_of(picture())
    load().answer([plain])
    monkeypatch.setenv("DOGBREED_UNKNOWN_BELOW", threshold)
    load().answer([decided])
    predictions, answer = outcome(plain)[2]["predictions"], outcome(decided)[2]
    assert answer == {"label": predictions[0]["label"] if threshold == ALL else None, "predictions": predictions}


@pytest.mark.parametrize(("share", "is_named"), [(0.999, True), (1.001, False)])
def test_the_models_threshold_is_a_probability_that_the_best_class_must_reach(
    load, request_of, outcome, picture, with_threshold, share, is_named
):
    first, second = request_of(picture()), request_of(picture())
    load().answer([first])
    best = outcome(first)[2]["predictions"][0]
    with_threshold(best["probability"] * share)
    load().answer([second])
    assert outcome(second)[2]["label"] == (best["label"] if is_named else None)


def test_each_output_has_the_decision_that_fits_it(load, request_of, outcome, picture, monkeypatch):
    monkeypatch.setenv("DOGBREED_UNKNOWN_BELOW", NONE)
    every = request_of(picture(), X_Query="output=probabilities")
    embedding = request_of(picture(), X_Query="output=embedding")
    several = request_of(many(picture(), picture(colour="blue")), "application/json", X_Query="top-k=1")
    lines = request_of(picture(), Accept="application/jsonlines")
    row = request_of(picture(), Accept="text/csv", X_Query="top-k=2")
    load().answer([every, embedding, several, lines, row])
    assert outcome(every)[2]["label"] is None and len(outcome(every)[2]["predictions"]) == 8
    assert list(outcome(embedding)[2]) == ["embedding"]
    assert outcome(several)[2]["labels"] == [None, None]
    assert [len(one) for one in outcome(several)[2]["predictions"]] == [1, 1]
    assert json.loads(lines.answer)["label"] is None and len(json.loads(lines.answer)["predictions"]) == 5
    label, probability, second, _ = row.answer.rstrip("\n").split(",")
    assert label == "" and 0 < float(probability) < 1 and second.startswith("Breed_")


def test_a_decision_passes_through_a_users_predict_fn(load, request_of, outcome, picture, monkeypatch):
    monkeypatch.setenv("DOGBREED_UNKNOWN_BELOW", NONE)
    invocation = request_of(picture())
    load(
        "from container.serving import inference\n"
        "def predict_fn(request, model):\n    return inference.predict_fn(request, model)\n"
    ).answer([invocation])
    assert outcome(invocation)[2]["label"] is None


def test_the_log_says_which_threshold_is_taken(load, monkeypatch, capfd):
    load()
    assert "without a label" not in capfd.readouterr().out
    monkeypatch.setenv("DOGBREED_UNKNOWN_BELOW", "0.4")
    load()
    assert "without a label below 0.4" in capfd.readouterr().out
