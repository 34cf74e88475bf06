"""The picture of a tuning job: what is on it, that it is drawn, and that nothing on it covers anything else."""

import io
import itertools
import subprocess
import sys

import pytest
from PIL import Image

from scripts.config.ranges import Categories, Interval
from scripts.config.settings import FILE
from scripts.tuning.panels import MOST_TICKS, grid, heights, log_ticks, panels
from scripts.tuning.picture import (
    DARK,
    DPI,
    FOOTER,
    LIGHT,
    ROW,
    TOP,
    WIDTH,
    panel_pictures,
    title,
    whole_figure,
    write_picture,
)
from tests.scripts.tuning.jobs import EVERY_KIND, many, trial, tuning

SOME = [(1, 1), (2, 8), (30, 2), (500, 8)]


@pytest.mark.parametrize(
    "count, shape",
    [
        (0, (0, 1)),
        (1, (1, 1)),
        (3, (1, 3)),
        (4, (2, 2)),
        (5, (2, 3)),
        (6, (2, 3)),
        (7, (2, 4)),
        (8, (2, 4)),
        (9, (3, 3)),
        (30, (8, 4)),
    ],
)
def test_panels_stand_in_a_grid_without_an_empty_row_or_column(count, shape):
    rows, columns = grid(count)
    assert (rows, columns) == shape
    assert count == 0 or (rows - 1) * columns < count <= rows * columns


def test_there_is_a_panel_for_the_order_and_one_for_each_hyperparameter():
    found = panels(many(12, 8))
    assert [panel.label for panel in found] == ["trial", *EVERY_KIND]
    assert [panel.is_log for panel in found] == [False, True, False, False, False, False, True, False, False]
    assert [panel.is_category for panel in found] == [False, False, True, False, False, True, False, False, True]


def test_every_trial_has_a_place_within_the_limits():
    for panel in panels(many(500, 8)):
        assert panel.places.keys() == set(range(1, 501))
        assert all(panel.limits[0] <= place <= panel.limits[1] for place in panel.places.values()), panel.label


def test_words_stand_in_the_order_of_the_range_and_trials_of_one_word_beside_each_other():
    found = tuning(
        *(trial(n, 0.5, batch_size=word) for n, word in enumerate(("64", '"64"', "256", "1024"), 1)),
        ranges={"batch-size": Categories(("256", "64"))},
    )
    places = panels(found)[1].places
    assert {number: round(place) for number, place in places.items()} == {1: 1, 2: 1, 3: 0}  # 1024 was not searched for
    assert places[1] != places[2]


@pytest.mark.parametrize(
    "low, high, texts",
    [
        (1e-5, 0.1, ["1e-05", "0.0001", "0.001", "0.01", "0.1"]),
        (0.001, 0.005, ["0.001", "0.002", "0.005"]),
        (1, 20, ["1", "2", "5", "10", "20"]),
        (1e-12, 1, ["1e-12", "1e-09", "1e-06", "0.001", "1"]),
        (0.03, 0.04, ["0.03", "0.04"]),
        (0.0003, 0.3, ["0.001", "0.01", "0.1"]),
    ],
)
def test_a_logarithmic_axis_has_a_few_round_ticks(low, high, texts):
    assert [text for _, text in log_ticks(low, high)] == texts
    assert len(texts) <= MOST_TICKS


@pytest.mark.parametrize(
    "low, high, ticks",
    [
        (1, 5, [1, 2, 3, 4, 5]),
        (1, 100, [20, 40, 60, 80, 100]),
        (32, 1024, [200, 400, 600, 800, 1000]),
        (-3, 3, [-2, 0, 2]),
    ],
)
def test_whole_numbers_have_whole_ticks(low, high, ticks):
    found = panels(tuning(trial(1, 0.5, epochs=str(low)), ranges={"epochs": Interval(low, high, True, "linear")}))[1]
    assert [place for place, _ in found.ticks] == ticks


def test_every_objective_has_its_height_and_those_without_one_have_room_at_the_foot():
    full, failed = tuning(trial(1, 0.2), trial(2, 0.8)), tuning(trial(1, 0.2), trial(2, 0.8), trial(3, None, "Failed"))
    assert heights(full).low < 0.2 and heights(full).high > 0.8 and not heights(full).has_room
    assert heights(failed).low < heights(full).low and heights(failed).has_room


def test_a_loss_that_explodes_gets_a_logarithmic_axis_and_an_accuracy_never_does():
    assert heights(tuning(trial(1, 0.5), trial(2, 900.0), maximize=False)).is_log
    assert not heights(tuning(trial(1, 0.5), trial(2, 9.0), maximize=False)).is_log
    assert not heights(tuning(trial(1, 0.0), trial(2, 900.0), maximize=False)).is_log
    assert not heights(tuning(trial(1, 0.001), trial(2, 0.9))).is_log


@pytest.mark.parametrize("objectives", [[0.5], [0.0, 0.0], []])
def test_one_height_alone_is_not_a_line_without_extent(objectives):
    found = heights(tuning(*(trial(n, one) for n, one in enumerate(objectives, 1))))
    assert found.low < found.high


@pytest.mark.parametrize("count, hyperparameters, rows", [(1, 1, 1), (30, 2, 1), (500, 8, 2)])
def test_the_picture_is_a_png_with_something_on_it(tmp_path, count, hyperparameters, rows):
    write_picture(many(count, hyperparameters), tmp_path / "tuning.png")
    with Image.open(tmp_path / "tuning.png") as picture:
        assert picture.format == "PNG" and picture.size == (WIDTH * DPI, round((TOP + rows * ROW + FOOTER) * DPI))
        colours = picture.convert("RGB").getcolors(1 << 24)
    assert max(share for share, _ in colours) < 0.99 * picture.size[0] * picture.size[1] and len(colours) > 50


@pytest.mark.parametrize("count, hyperparameters", SOME)
def test_no_label_covers_another(count, hyperparameters):
    figure = whole_figure(many(count, hyperparameters))
    figure.draw_without_rendering()
    assert len(figure.axes) == 1 + hyperparameters
    boxes = []
    for axes in figure.axes:
        for axis, upright in ((axes.xaxis, False), (axes.yaxis, True)):
            labels = [label for label in axis.get_ticklabels() if label.get_text() and label.get_visible()]
            spans = [label.get_window_extent() for label in labels if label.get_rotation() in (0, 90)]
            spans = sorted((box.y0, box.y1) if upright else (box.x0, box.x1) for box in spans)
            assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans)), (axes.get_xlabel(), spans)
            boxes.append((axes.get_xlabel(), axis.label.get_window_extent()))
        inside = axes.get_tightbbox()
        assert inside.x0 >= 0 and inside.x1 <= figure.bbox.width and inside.y0 >= 0, axes.get_xlabel()
    for (_, one), (_, other) in itertools.combinations(boxes, 2):
        assert not (one.width and other.width and one.overlaps(other))
    for one, other in itertools.combinations([axes.get_tightbbox() for axes in figure.axes], 2):
        assert not one.overlaps(other)


def marks(figure, place: int = 0) -> list[str]:
    return figure.axes[place].get_legend_handles_labels()[1]


def test_how_a_trial_ended_can_be_told_and_the_best_stands_out():
    stopped, running = [trial(2, 0.4, "Stopped"), trial(4, None, "Stopped")], trial(6, 0.3, "InProgress")
    found = tuning(trial(1, 0.5), *stopped, trial(3, None, "Failed"), trial(5, 0.6), running)
    assert marks(whole_figure(found)) == [
        "best so far",
        "completed",
        "stopped",
        "stopped, no value",
        "failed",
        "running",
        "best",
    ]


def test_what_did_not_happen_is_not_in_the_legend():
    assert marks(whole_figure(tuning(trial(1, 0.5), trial(2, 0.6)))) == ["best so far", "completed", "best"]
    assert marks(whole_figure(tuning(trial(1, 0.5)))) == ["best"]


def test_where_every_trial_failed_that_is_said():
    figure = whole_figure(tuning(*(trial(n, None, "Failed", lr="0.1", batch_size="64") for n in range(1, 6))))
    for axes in figure.axes:
        assert [text.get_text() for text in axes.texts] == ["no trial has a value of valid_accuracy"]
        assert axes.get_legend_handles_labels()[1] == ["failed"]
        assert list(axes.get_yticks()) == []


def test_the_title_names_the_best():
    assert title(tuning(trial(1, 0.5), trial(2, 0.61234))).endswith(
        ": valid_accuracy of 2 trials; the best, 0.6123, is trial 2"
    )
    assert title(tuning(trial(1, None, "Failed"))).endswith(": valid_accuracy of 1 trial")


@pytest.mark.parametrize("theme, ground", [(LIGHT, (255, 255, 255)), (DARK, (36, 38, 41))])
def test_each_panel_is_a_picture_of_its_own_on_a_light_and_on_a_dark_ground(theme, ground):
    found = panel_pictures(many(10, 2), theme)
    assert [label for label, _ in found] == ["trial", "lr", "batch-size"]
    for _, content in found:
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.convert("RGB").getpixel((2, 2)) == ground


def test_words_of_any_length_and_number_keep_within_the_picture():
    words = tuple(f"a_very_long_name_of_an_architecture_{n}" for n in range(30))
    trials = [trial(number, 0.5 + number / 100, model=word) for number, word in enumerate(words, 1)]
    figure = whole_figure(tuning(*trials, ranges={"model": Categories(words), **EVERY_KIND}))
    figure.draw_without_rendering()
    labels = figure.axes[1].get_xticklabels()
    assert len(labels) == 30 and all(0 < len(label.get_text()) <= 20 for label in labels)
    spans = sorted((label.get_window_extent().x0, label.get_window_extent().x1) for label in labels)
    assert all(one[1] <= other[0] + 1 for one, other in itertools.pairwise(spans))
    assert figure.axes[1].get_window_extent().height > 60  # pixels that the labels leave for the trials


def test_programs_that_draw_nothing_do_not_wait_for_matplotlib():
    programs = ", ".join(f"scripts.{verb}" for verb in ("train", "tune", "logs", "status", "stop", "delete"))
    check = f"import sys, {programs}; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True, cwd=FILE.parent)
