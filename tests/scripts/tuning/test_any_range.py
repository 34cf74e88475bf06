"""Ranges of any text: a range that keeps its own rules, or a ValueError; what was written is what is read."""

from hypothesis import given
from hypothesis import strategies as st

from scripts.config.ranges import MOST, SCALES, Categories, Interval, checked_range, range_of_text
from tests.properties import repeatable

WORDS = ["..", ":", ",", "-", ".", "0", "1", "9", "e5", "e-400", *SCALES, "int", "float"]
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False, width=32)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
INTERVALS = st.fixed_dictionaries(
    {"min": NUMBERS, "max": NUMBERS},
    optional={"scale": st.sampled_from(list(SCALES)), "type": st.sampled_from(["int", "float"])},
)


def check(found):
    if isinstance(found, Categories):
        assert 1 <= len(found.values) <= MOST and len(set(found.values)) == len(found.values)
        return
    assert found.low < found.high and found.scale in SCALES
    assert not found.whole or (isinstance(found.low, int) and isinstance(found.high, int))
    assert found.scale != "log" or found.low > 0
    assert found.scale != "reverse-log" or (found.low >= 0 and found.high < 1)


@repeatable
@given(st.text() | st.lists(st.sampled_from(WORDS), max_size=9).map("".join))
def test_any_text_is_a_range_or_a_value_error(text):
    try:
        found = range_of_text(text)
    except ValueError as error:
        assert str(error)
        return
    check(found)


@repeatable
@given(
    JSON | st.fixed_dictionaries({"min": NUMBERS, "max": NUMBERS}, optional={"scale": st.sampled_from(list(SCALES))})
)
def test_any_value_of_the_settings_is_a_range_or_a_value_error(value):
    try:
        found = checked_range(value)
    except ValueError as error:
        assert str(error)
        return
    check(found)


@repeatable
@given(st.integers(-(10**9), 10**9), st.integers(1, 10**9))
def test_an_interval_of_whole_numbers_is_read_as_it_was_written(low, more):
    assert range_of_text(f"{low}..{low + more}") == Interval(low, low + more, True, "auto")


@repeatable
@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.sampled_from(["auto", "linear", "log"]))
def test_an_interval_is_read_as_it_was_written_to_the_last_digit(one, other, scale):
    low, high = sorted((one, other))
    if low < high:
        assert range_of_text(f"{low!r}..{high!r}:{scale}") == Interval(low, high, False, scale)
