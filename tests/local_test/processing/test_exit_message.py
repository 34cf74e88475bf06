"""ExitMessage: the first KB of what the containers wrote, as text."""

import pytest

from local_test.processing.opt_ml import exit_message


def test_no_container_that_wrote_anything_means_no_message():
    assert exit_message([]) is None
    assert exit_message([None, b""]) is None


def test_messages_of_several_hosts_are_put_together_in_their_order():
    assert exit_message([b"first ", None, b"third"]) == "first third"


def test_the_first_kilobyte_of_all_counts():
    assert exit_message([b"a" * 2000]) == "a" * 1024
    assert exit_message([b"a" * 1000, b"b" * 1000]) == "a" * 1000 + "b" * 24


def test_a_character_that_the_end_cuts_in_two_is_left_out():
    assert exit_message(["ü".encode() * 600]) == "ü" * 512
    assert exit_message([b"a" + "ü".encode() * 600]) == "a" + "ü" * 511
    assert exit_message([b"a", "ü".encode() * 600]) == "a" + "ü" * 511


@pytest.mark.parametrize("part", [b"\xff", b"fine \xc3", b"\xff" * 2000])
def test_what_is_not_text_is_refused(part):
    with pytest.raises(ValueError, match="UTF-8"):
        exit_message([b"fine", part])
