"""What is drawn at the foot of a terminal gives way to the lines that are printed, and nothing of it stays."""

import pytest

from scripts.console.display import Display
from scripts.console.terminal import Printable, is_live


@pytest.fixture
def of_ten(terminal):
    """A terminal of ten lines, whose stream is as that of a program."""
    made = terminal(10, 40)
    made.stream = Printable(made.stream)
    return made


def test_a_line_goes_above_what_is_drawn_which_then_comes_back(of_ten):
    display = Display(of_ten.stream, "still at it")
    display.draw()
    of_ten.shows(lambda text: text == "still at it")
    print("first", "line", file=of_ten.stream)
    print("second", file=of_ten.stream)
    of_ten.shows(lambda text: text == "first line\nsecond\nstill at it")
    display.erase()
    assert of_ten.shows(lambda text: "still" not in text).rstrip("\n") == "first line\nsecond"


def test_the_second_drawing_takes_the_place_of_the_first_whatever_their_heights(of_ten):
    display = Display(of_ten.stream, "one\ntwo\nthree")
    display.draw()
    of_ten.shows(lambda text: text == "one\ntwo\nthree")
    display.update("four")
    of_ten.shows(lambda text: text.rstrip("\n") == "four")
    print("a line", file=of_ten.stream)
    display.update("five\nsix")
    of_ten.shows(lambda text: text.rstrip("\n") == "a line\nfive\nsix")
    display.erase()
    of_ten.shows(lambda text: text.rstrip("\n") == "a line")


def test_what_is_higher_than_the_terminal_is_cut_and_leaves_nothing(of_ten):
    display = Display(of_ten.stream, "\n".join(f"row {number}" for number in range(30)))
    display.draw()
    of_ten.shows(lambda text: "row 8" in text and "row 9" not in text)
    display.erase()
    of_ten.shows(lambda text: not text.strip())
    assert "row 29" not in of_ten.came


def test_of_two_the_later_one_is_seen_until_it_ends(of_ten):
    outer, inner = Display(of_ten.stream, "outer"), Display(of_ten.stream, "inner")
    outer.draw()
    inner.draw()
    of_ten.shows(lambda text: text.strip() == "inner")
    inner.erase()
    of_ten.shows(lambda text: text.strip() == "outer")
    outer.erase()
    of_ten.shows(lambda text: not text.strip())


def test_a_line_of_another_stream_that_is_no_terminal_leaves_the_drawing_alone(of_ten, tmp_path):
    display = Display(of_ten.stream, "still at it")
    display.draw()
    of_ten.shows(lambda text: text == "still at it")
    before = of_ten.came.count("still")
    with (tmp_path / "out").open("w") as file:
        print("a result", file=Printable(file))
    assert (tmp_path / "out").read_text() == "a result\n"
    display.erase()
    of_ten.shows(lambda text: not text.strip())
    # Drawn once more at most, by its own clock.
    assert "a result" not in of_ten.came and of_ten.came.count("still") <= before + 1


@pytest.mark.parametrize(
    ("name", "value", "live"),
    [
        ("TERM", "dumb", False),
        ("NO_COLOR", "1", False),
        ("NO_COLOR", "", True),
        ("CI", "true", False),
        ("CI", "false", True),
    ],
)
def test_nothing_is_drawn_where_plain_lines_are_wanted(of_ten, monkeypatch, name, value, live):
    assert is_live(of_ten.stream)
    monkeypatch.setenv(name, value)
    assert is_live(of_ten.stream) is live


def test_a_file_gets_lines(tmp_path):
    with (tmp_path / "out").open("w") as stream:
        assert not is_live(stream)
