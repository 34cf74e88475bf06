"""Paths of any text and values of any shape: a selection, or a ValueError."""

from hypothesis import given
from hypothesis import strategies as st

from local_test.transform.json_path import JsonPath
from tests.properties import repeatable

SIGNS = ["$", ".", "[", "]", "'", '"', ",", ":", "-", "0", "1", "12", "a", "b c", "*", " "]
PATHS = st.text() | st.lists(st.sampled_from(SIGNS), max_size=12).map(lambda parts: "$" + "".join(parts))
NAMES = st.text("abcxyz_-0129", min_size=1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
)


@repeatable
@given(PATHS, JSON)
def test_any_path_selects_of_any_value_or_is_a_value_error(text, value):
    try:
        path = JsonPath.parse(text)
        path.of(value)
    except ValueError as error:
        assert str(error)


@repeatable
@given(PATHS, st.lists(st.text(), max_size=5))
def test_what_a_path_selects_of_a_row_is_a_row_of_its_cells(text, row):
    try:
        path = JsonPath.parse(text)
        cells = path.of_row(row) if path.takes_columns else []
    except ValueError:
        return
    assert isinstance(cells, list) and all(cell in row for cell in cells)


@repeatable
@given(JSON, st.lists(NAMES | st.integers(-9, 9), max_size=4), st.booleans())
def test_a_path_finds_what_was_put_there(value, steps, quoted):
    nested, text = value, ""
    for step in reversed(steps):
        if isinstance(step, int):
            nested = [nested] * max(step + 1, -step)
            text = f"[{step}]{text}"
        else:
            nested = {step: nested}
            text = (f"['{step}']" if quoted else f".{step}") + text
    assert JsonPath.parse(f"${text}").of(nested) == value
