"""Which format a client is given, and how answers look in it."""

import csv
import io
import json

import pytest

from container.serving.request.answer_formats import (
    CSV,
    JSON,
    JSON_LINES,
    Predictions,
    choose_format,
    formats_of,
    is_answer,
    render,
)
from container.serving.request.request_errors import NotAcceptable

BEAGLE = [{"label": "Beagle", "probability": 0.9}, {"label": 'Dog, "mixed"', "probability": 0.1}]
BOXER = [{"label": "Boxer", "probability": 0.6}, {"label": "Bärenhund", "probability": 0.4}]
EMBEDDING = [0.5, -1.25, 3e-05]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("", JSON),
        (" ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/*", CSV),
        ("text/csv", CSV),
        ("TEXT/CSV", CSV),
        ("application/jsonlines", JSON_LINES),
        ("application/x-ndjson", JSON_LINES),
        ("application/json; charset=utf-8", JSON),
        ("text/csv, application/json", JSON),  # as welcome as each other: ours decides
        ("text/csv;q=0.9, application/json;q=0.8", CSV),
        ("text/html, application/xhtml+xml, */*;q=0.1", JSON),
        ("*/*, application/json;q=0", JSON_LINES),
        ("application/*;q=0.5, application/json;q=0.1, text/csv;q=0.4", JSON_LINES),  # the most specific range counts
        ("*/*;q=0.2, application/*;q=0, text/csv;q=0", None),
        ("application/json;q=0", None),
        ("text/html", None),
        ("image/*", None),
        ("nonsense", None),
        ("application/json;q=2", None),
        ("application/json;q=-1, text/csv", CSV),
        ("application/json;q=nan, text/csv;q=0.1", CSV),
        ("text/csv ; Q=0.3 , */*;q=0.2", CSV),
        (", ,text/csv,", CSV),
        ("text/csv;header=present;q=0.7,*/*;q=0.1", CSV),
    ],
)
def test_the_format_is_the_one_that_the_header_likes_best(accept, media_type):
    if media_type is not None:
        assert choose_format(accept) == media_type
    else:
        with pytest.raises(NotAcceptable, match="application/json, application/jsonlines or text/csv") as error:
            choose_format(accept)
        assert error.value.status_code == 406


def test_a_header_of_many_kilobytes_is_read_in_no_time_and_not_repeated():
    with pytest.raises(NotAcceptable) as error:
        choose_format("text/html," * 8000)
    assert len(error.value.message) < 300


def test_json_of_one_picture_has_the_shape_that_it_always_had():
    assert json.loads(render(BEAGLE, False, JSON)) == {"predictions": BEAGLE}


def test_json_of_many_is_a_list_of_lists_also_for_one():
    assert json.loads(render([BEAGLE, BOXER], True, JSON)) == {"predictions": [BEAGLE, BOXER]}
    assert json.loads(render([BEAGLE], True, JSON)) == {"predictions": [BEAGLE]}


def test_embeddings_have_a_name_of_their_own():
    assert json.loads(render(EMBEDDING, False, JSON)) == {"embedding": EMBEDDING}
    assert json.loads(render([EMBEDDING, EMBEDDING], True, JSON)) == {"embeddings": [EMBEDDING, EMBEDDING]}


@pytest.mark.parametrize(
    ("answer", "many", "objects"),
    [
        (BEAGLE, False, [{"predictions": BEAGLE}]),
        ([BEAGLE, BOXER], True, [{"predictions": BEAGLE}, {"predictions": BOXER}]),
        (EMBEDDING, False, [{"embedding": EMBEDDING}]),
        ([EMBEDDING] * 2, True, [{"embedding": EMBEDDING}] * 2),
    ],
)
def test_json_lines_have_one_picture_a_line(answer, many, objects):
    text = render(answer, many, JSON_LINES)
    assert text.endswith("\n") and [json.loads(line) for line in text.splitlines()] == objects


def test_csv_has_a_row_for_each_picture():
    rows = list(csv.reader(io.StringIO(render([BEAGLE, BOXER], True, CSV))))
    assert rows == [["Beagle", "0.9", 'Dog, "mixed"', "0.1"], ["Boxer", "0.6", "Bärenhund", "0.4"]]
    assert render(BOXER, False, CSV) == "Boxer,0.6,Bärenhund,0.4\n"
    assert [float(cell) for cell in render(EMBEDDING, False, CSV).split(",")] == EMBEDDING


NAMED, UNKNOWN = Predictions(BEAGLE, ("Beagle",)), Predictions(BOXER, (None,))


def test_a_decision_stands_beside_the_predictions_which_stay_as_they_are():
    assert json.loads(render(NAMED, False, JSON)) == {"label": "Beagle", "predictions": BEAGLE}
    assert json.loads(render(UNKNOWN, False, JSON)) == {"label": None, "predictions": BOXER}
    assert json.loads(render([NAMED, UNKNOWN], True, JSON)) == {
        "labels": ["Beagle", None],
        "predictions": [BEAGLE, BOXER],
    }
    assert [json.loads(line) for line in render([NAMED, UNKNOWN], True, JSON_LINES).splitlines()] == [
        {"label": "Beagle", "predictions": BEAGLE},
        {"label": None, "predictions": BOXER},
    ]
    assert is_answer(UNKNOWN) and is_answer([NAMED, UNKNOWN])


def test_a_map_stands_behind_the_predictions_with_a_decision_and_without():
    maps = [
        {"label": "Beagle", "box": [0, 0, 1, 1], "grid": [[0.5]]},
        {"label": "Boxer", "box": [0, 0, 1, 1], "grid": [[1.0]]},
    ]
    plain, decided = Predictions(BEAGLE, (), maps[0]), Predictions(BOXER, (None,), maps[1])
    assert json.loads(render(plain, False, JSON)) == {"predictions": BEAGLE, "saliency": maps[0]}
    assert json.loads(render(decided, False, JSON)) == {"label": None, "predictions": BOXER, "saliency": maps[1]}
    assert json.loads(render([decided, decided], True, JSON)) == {
        "labels": [None, None],
        "predictions": [BOXER, BOXER],
        "saliency": [maps[1], maps[1]],
    }
    assert formats_of(decided) == formats_of([decided]) == (JSON, JSON_LINES)
    assert formats_of(NAMED) == formats_of(BEAGLE) == (JSON, JSON_LINES, CSV)


def test_csv_keeps_its_columns_and_leaves_the_first_label_empty_where_there_is_none():
    rows = list(csv.reader(io.StringIO(render([NAMED, UNKNOWN], True, CSV))))
    assert rows == [["Beagle", "0.9", 'Dog, "mixed"', "0.1"], ["", "0.6", "Bärenhund", "0.4"]]
