"""Ranges of tuned hyperparameters: as sagemaker.toml, the command line and the service write them."""

import re

import pytest

from scripts.config.ranges import Categories, Interval, checked_range, range_of_text, ranges_of_request


@pytest.mark.parametrize(
    "value, found",
    [
        ({"min": 0.00001, "max": 0.1, "scale": "log"}, Interval(0.00001, 0.1, False, "log")),
        ({"min": 1, "max": 5}, Interval(1, 5, True, "auto")),
        ({"min": 0, "max": 0.5}, Interval(0, 0.5, False, "auto")),
        ({"min": 0, "max": 1, "type": "float"}, Interval(0, 1, False, "auto")),
        ({"min": 1, "max": 500, "type": "int", "scale": "linear"}, Interval(1, 500, True, "linear")),
        ({"min": 0.0, "max": 0.999, "scale": "reverse-log"}, Interval(0.0, 0.999, False, "reverse-log")),
        ({"min": -1, "max": 1}, Interval(-1, 1, True, "auto")),
        ([32, 64], Categories(("32", "64"))),
        (["resnet18", "resnet34"], Categories(("resnet18", "resnet34"))),
        ([True, False], Categories(("true", "false"))),
        ([0.1], Categories(("0.1",))),
    ],
)
def test_a_range_of_the_settings(value, found):
    assert checked_range(value) == found


@pytest.mark.parametrize(
    "value, sentence",
    [
        (3, "must be [value, value] or { min = number, max = number }, not 3"),
        ({"min": 1}, "must have a number as max"),
        ({"min": "1", "max": 2}, "must have a number as min, not '1'"),
        ({"min": True, "max": 2}, "must have a number as min"),
        ({"min": 0.1, "max": float("inf")}, "must have a number as max, not inf"),
        ({"min": 1, "max": 2, "scala": "log"}, "has scala, which is none of min, max, scale, type"),
        ({"min": 1, "max": 2, "scale": "Logarithmic"}, "must have one of auto, linear, log, reverse-log as scale"),
        ({"min": 1, "max": 2, "type": "integer"}, "must have one of int, float as type"),
        ({"min": 1.5, "max": 2, "type": "int"}, "must have whole numbers as min and max with type int"),
        ({"min": 2, "max": 2}, "must have a min below its max, not 2 and 2"),
        ({"min": 0, "max": 1, "scale": "log"}, "must have a min above 0 with scale log"),
        ({"min": 0.1, "max": 1.0, "scale": "reverse-log"}, "a max below 1"),
        ({"min": 0, "max": 5, "scale": "reverse-log"}, "type float with scale reverse-log"),
        ([], "at least one"),
        ([[1]], "must have text, numbers, true or false as values"),
        ([""], "must have text"),
        ([32, "32"], "must have each value once, not 32, 32"),
        (list(range(31)), "must have at most 30 values, not 31"),
    ],
)
def test_what_is_wrong_with_a_range_is_said(value, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        checked_range(value)


@pytest.mark.parametrize(
    "text, found",
    [
        ("0.0001..0.01:log", Interval(0.0001, 0.01, False, "log")),
        ("1e-5..1E-1", Interval(1e-5, 0.1, False, "auto")),
        ("1..5", Interval(1, 5, True, "auto")),
        ("1..5:float:linear", Interval(1, 5, False, "linear")),
        ("-1..1", Interval(-1, 1, True, "auto")),
        ("32,64", Categories(("32", "64"))),
        ("resnet18", Categories(("resnet18",))),
    ],
)
def test_a_range_of_the_command_line(text, found):
    assert range_of_text(text) == found


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("1..", "must be min..max, min..max:scale or value,value, not '1..'"),
        ("0.1...5", "must be min..max"),
        ("1..2:log:linear", "must have one scale, not log and linear"),
        ("1..2:int:float", "must have one type, not int and float"),
        ("1..2:lag", "must have one of auto, linear, log, reverse-log as scale"),
        ("2..1", "must have a min below its max"),
        ("32,", "must have text"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        range_of_text(text)


@pytest.mark.parametrize(
    "searched, logarithmic",
    [
        (Interval(1e-5, 0.1, False, "log"), True),
        (Interval(1e-5, 0.1, False, "auto"), True),
        (Interval(1e-5, 0.1, False, "linear"), False),
        (Interval(0.01, 0.1, False, "auto"), False),
        (Interval(0.01, 0.02, False, "log"), True),
        (Interval(0.0, 5.0, False, "auto"), False),
        (Interval(1, 100, True, "auto"), True),
    ],
)
def test_an_axis_is_logarithmic_by_its_scale_or_over_two_decades(searched, logarithmic):
    assert searched.is_logarithmic is logarithmic


def test_a_description_without_scales_and_with_quotes_as_the_sdk_makes_them_is_understood():
    found = ranges_of_request(
        {
            "ContinuousParameterRanges": [{"Name": "lr", "MinValue": "1e-05", "MaxValue": "0.1"}],
            "CategoricalParameterRanges": [{"Name": "batch-size", "Values": ['"32"', '"64"']}],
        }
    )
    assert found == {"lr": Interval(1e-05, 0.1, False, "auto"), "batch-size": Categories(("32", "64"))}
