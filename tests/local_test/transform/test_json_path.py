"""The JSONPath of DataProcessing: what it selects, and what it refuses."""

import pytest

from local_test.transform.json_path import JsonPath

DOCUMENT = {"id": 7, "features": [1, 2, 3], "nested": {"a": {"b": "deep"}, "c": None}, "odd name": 1}
ROW = ["id", "a", "b", "c"]


@pytest.mark.parametrize(
    ("path", "selected"),
    [
        ("$", DOCUMENT),
        ("$.features", [1, 2, 3]),
        ("$['features']", [1, 2, 3]),
        ('$["odd name"]', 1),
        ("$.nested.a.b", "deep"),
        ("$.nested['a']", {"b": "deep"}),
        ("$.nested.['a','c']", {"a": {"b": "deep"}, "c": None}),
        ("$['id','features']", {"id": 7, "features": [1, 2, 3]}),
        ("$.features[0]", 1),
        ("$.features[-1]", 3),
        ("$.features[0,2]", [1, 3]),
        ("$.features[1:]", [2, 3]),
        ("$.features[:-1]", [1, 2]),
        ("$.features[0,1:]", [1, 2, 3]),
        ("$.features[ 0 , 2 ]", [1, 3]),
        ("$.features[5:]", []),
    ],
)
def test_what_is_selected_of_json(path, selected):
    assert JsonPath.parse(path).of(DOCUMENT) == selected


@pytest.mark.parametrize(
    ("path", "row"),
    [("$", ROW), ("$[0]", ["id"]), ("$[1:]", ["a", "b", "c"]), ("$[0,-1]", ["id", "c"]), ("$[0,2:]", ["id", "b", "c"])],
)
def test_what_is_selected_of_a_row(path, row):
    assert JsonPath.parse(path).takes_columns
    assert JsonPath.parse(path).of_row(ROW) == row


@pytest.mark.parametrize("path", ["$.a", "$['a']", "$[0][1]"])
def test_a_row_has_numbered_columns_only(path):
    assert not JsonPath.parse(path).takes_columns


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        ".a",
        "$..a",
        "$.*",
        "$[*]",
        "$[?(@.a)]",
        "$[a]",
        "$[",
        "$[]",
        "$.",
        "$[1:2:3]",
        "$['a',1]",
        "$.a[0",
        "$ .a",
    ],
)
def test_other_paths_are_refused_with_the_path(path):
    with pytest.raises(ValueError) as refused:
        JsonPath.parse(path)
    assert repr(path) in str(refused.value)


@pytest.mark.parametrize("path", ["$['a','b'].c", "$[0,1][0]", "$[1:].a"])
def test_nothing_goes_on_after_a_selection_of_several(path):
    with pytest.raises(ValueError, match="goes on after it has selected several"):
        JsonPath.parse(path)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("$.missing", "there is no 'missing'"),
        ("$['id','missing']", "there is no 'missing'"),
        ("$.id.deeper", "no object"),
        ("$.id[0]", "no array"),
        ("$.features[3]", "there is no element 3 among 3"),
        ("$.features[0,-4]", "there is no element -4 among 3"),
    ],
)
def test_what_is_not_there_is_told(path, message):
    with pytest.raises(ValueError, match=message):
        JsonPath.parse(path).of(DOCUMENT)
