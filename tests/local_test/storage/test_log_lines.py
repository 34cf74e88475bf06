"""However a container prints, whole lines come out, as long as CloudWatch takes them."""

import pytest

from local_test.storage.log_lines import LONGEST_LINE, lines, lines_of_each


def test_lines_end_where_they_end_not_where_chunks_do():
    assert list(lines([b"one\ntw", b"o\r\n\n", "dré".encode()[:-1], "é".encode()[-1:]])) == ["one", "two", "", "dré"]


def test_what_is_no_text_is_replaced():
    assert list(lines([b"\xff\xfea\0b"])) == ["\ufffd\ufffda\0b"]


def test_a_line_without_an_end_is_cut_and_costs_no_more_than_its_bytes():
    chunk = b"x" * 16_384
    found = list(lines(chunk for _ in range(6_400)))  # 100 MB; joined anew at every chunk it would take minutes
    assert [len(line) for line in found] == [LONGEST_LINE] * 400


def test_the_lines_that_a_chunk_completes_come_with_it():
    assert list(lines_of_each([b"on", b"e\ntwo\nth", b"ree"])) == [["one", "two"], ["three"]]


@pytest.mark.parametrize("size", [1000, LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 1, 2 * LONGEST_LINE, 10**9])
def test_where_a_long_line_is_cut_does_not_depend_on_the_chunks(size):
    """What an ended container has printed is read once more, and only what follows the lines known so far is new."""
    lengths = [LONGEST_LINE, 0, 2 * LONGEST_LINE + 5, 3, LONGEST_LINE + 1]
    text = b"\n".join(b"x" * length for length in lengths)
    found = list(lines(text[start : start + size] for start in range(0, len(text), size)))
    assert [len(line) for line in found] == [LONGEST_LINE, 0, LONGEST_LINE, LONGEST_LINE, 5, 3, LONGEST_LINE, 1]
