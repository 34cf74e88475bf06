"""Lines that are drawn anew in place, on a terminal of this machine's kernel."""

from scripts.console.terminal import Redrawn


def test_the_second_drawing_takes_the_place_of_the_first(terminal):
    of_ten = terminal(10, 20)
    screen = Redrawn(of_ten.stream)
    screen.draw(["one", "two", "three"])
    assert of_ten.read("three\n") == "one\ntwo\nthree\n"
    screen.draw(["four"])
    assert of_ten.read("four\n") == "\x1b[3F\x1b[Jfour\n"
    screen.clear()
    assert of_ten.read("J") == "\x1b[1F\x1b[J"


def test_what_is_wider_or_higher_than_the_terminal_is_cut(terminal):
    of_ten = terminal(10, 20)
    screen = Redrawn(of_ten.stream)
    screen.draw(["x" * 50] * 30 + ["end"])
    screen.draw(["end"])
    assert of_ten.read("end\n") == f"{'x' * 19}\n" * 9 + "\x1b[9F\x1b[Jend\n"


def test_a_terminal_that_tells_no_size_has_80_columns_and_24_lines(terminal):
    assert Redrawn(terminal(0, 0).stream).rows() == 23


def test_a_stream_that_tells_no_size_has_80_columns(tmp_path):
    with (tmp_path / "out").open("w") as stream:
        Redrawn(stream).draw(["x" * 100])
    assert (tmp_path / "out").read_text() == f"{'x' * 79}\n"
