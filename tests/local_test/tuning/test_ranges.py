"""ParameterRanges: what is refused, on which scale values are drawn, and how they are written down."""

import math

import pytest

from local_test.tuning.ranges import CategoricalRange, ContinuousRange, IntegerRange, check, read


def integer(low, high, **more):
    return {"IntegerParameterRanges": [{"Name": "n", "MinValue": low, "MaxValue": high, **more}]}


def continuous(low, high, scaling="Auto", name="x"):
    return {"ContinuousParameterRanges": [{"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": scaling}]}


def categorical(*values, name="c"):
    return {"CategoricalParameterRanges": [{"Name": name, "Values": list(values)}]}


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ({}, "no range"),
        ({"IntegerParameterRanges": [], "CategoricalParameterRanges": []}, "no range"),
        (integer("1.5", "8"), "MinValue of the hyperparameter n is '1.5'.*integer"),
        (integer("1", "1e3"), "MaxValue of the hyperparameter n is '1e3'.*integer"),
        (integer("1", "1_000"), "MaxValue of the hyperparameter n is '1_000'"),
        (integer("1", ""), "MaxValue of the hyperparameter n is ''"),
        (integer("0", str(2**53 + 1)), "goes up to 9007199254740992"),
        (integer("8", "8"), "n is from 8 to 8: MinValue must be below MaxValue"),
        (integer("9", "8"), "n is from 9 to 8"),
        (integer("0", "8", ScalingType="Logarithmic"), "n begins at 0: Logarithmic is for values above 0"),
        (integer("0", "8", ScalingType="ReverseLogarithmic"), "n is an integer: ReverseLogarithmic is for continuous"),
        (continuous("low", "1"), "MinValue of the hyperparameter x is 'low'"),
        (continuous("nan", "1"), "MinValue of the hyperparameter x is 'nan'.*finite"),
        (continuous("0", "inf"), "MaxValue of the hyperparameter x is 'inf'.*finite"),
        (continuous("0", "1e999"), "MaxValue of the hyperparameter x is '1e999'.*finite"),
        (continuous("0.1", "0.10"), "x is from 0.1 to 0.1: MinValue must be below"),
        (continuous("-1e308", "1e308"), "x, -1e\\+308 to 1e\\+308, is too wide"),
        (continuous("0.0", "1", "Logarithmic"), "x begins at 0.0: Logarithmic"),
        (continuous("0.5", "1", "ReverseLogarithmic"), "x is from 0.5 to 1.0: ReverseLogarithmic"),
        (continuous("-0.1", "0.9", "ReverseLogarithmic"), "x is from -0.1 to 0.9: ReverseLogarithmic"),
        (categorical("a", "b", "a"), "c has the value a twice"),
        (continuous("0", "1", name="c") | categorical("a"), "names the hyperparameter c twice"),
        (
            {
                "CategoricalParameterRanges": [
                    categorical("a", name=f"c{i}")["CategoricalParameterRanges"][0] for i in range(20)
                ],
                "ContinuousParameterRanges": [
                    continuous("0", "1", name=f"x{i}")["ContinuousParameterRanges"][0] for i in range(11)
                ],
            },
            "counts 31, and at most 30",
        ),
        (categorical(*map(str, range(30))) | continuous("0", "1"), "counts 31, .* each value of a categorical range"),
    ],
)
def test_what_aws_refuses_is_refused_with_a_sentence_that_names_it(ranges, said):
    with pytest.raises(ValueError, match=said):
        check(ranges)


@pytest.mark.parametrize(
    "ranges",
    [
        integer("-4", "+4"),
        integer("1", "2", ScalingType="Logarithmic"),
        continuous("1e-5", ".1", "Logarithmic"),
        continuous("0", "0.999", "ReverseLogarithmic"),
        continuous("-1.5E+2", "3.", "Linear"),
        categorical("a"),
        categorical("1", '"1"', "1.0"),
        categorical(*map(str, range(29))) | continuous("0", "1"),
    ],
)
def test_sound_ranges_pass(ranges):
    check(ranges)


@pytest.mark.parametrize(
    ("low", "high", "scale"),
    [
        ("0.001", "0.1", "Logarithmic"),
        ("0.001", "0.099", "Linear"),
        ("0", "1000", "Linear"),
        ("-1000", "1000", "Linear"),
        ("0.9", "0.9999", "Linear"),
    ],
)
def test_auto_is_logarithmic_from_two_orders_of_magnitude_on(low, high, scale):
    assert read(continuous(low, high)) == [ContinuousRange("x", float(low), float(high), scale)]


def test_without_a_scaling_type_the_scale_is_that_of_auto():
    assert read(integer("1", "100")) == [IntegerRange("n", 1, 100, logarithmic=True)]
    assert read(integer("16", "256")) == [IntegerRange("n", 16, 256, logarithmic=False)]


def test_a_scaling_type_that_is_given_is_taken():
    assert read(integer("1", "100000", ScalingType="Linear"))[0].logarithmic is False
    assert read(continuous("1", "2", "Logarithmic"))[0].scale == "Logarithmic"


def test_values_are_written_as_the_service_sends_them():
    assert read(integer("1", "100"))[0].text(64) == "64"
    assert read(continuous("0", "1"))[0].text(0.1 + 0.2) == "0.30000000000000004"
    assert float(read(continuous("1e-9", "1"))[0].text(1.2345678901234567e-08)) == 1.2345678901234567e-08
    assert read(categorical('"64"', "64"))[0].text('"64"') == '"64"'


@pytest.mark.parametrize("value", [0.0, 0.1, 0.5, 0.9, 0.99999])
def test_a_reverse_logarithmic_value_stays_in_its_range_there_and_back(value):
    one = ContinuousRange("x", 0.0, 0.99999, "ReverseLogarithmic")
    distribution = one.distribution
    coordinate = one.coordinate(repr(value))
    assert distribution.low <= coordinate <= distribution.high
    assert math.isclose(float(one.text(coordinate)), value, rel_tol=1e-12)
    assert (one.text(distribution.low), one.text(distribution.high)) == ("0.99999", "0.0")


def test_rounding_does_not_take_a_value_out_of_its_range():
    one = ContinuousRange("x", 0.1, 0.9, "ReverseLogarithmic")  # 1 - (1 - 0.1) is 0.09999999999999998
    assert (one.text(one.distribution.low), one.text(one.distribution.high)) == ("0.9", "0.1")


@pytest.mark.parametrize(
    ("one", "outside"),
    [
        (IntegerRange("n", 1, 8, False), ["0", "9", "1.5", "eight", ""]),
        (ContinuousRange("x", 0.5, 0.9, "ReverseLogarithmic"), ["0.4", "0.91", "nan", "high", ""]),
        (CategoricalRange("c", ("64",)), ['"64"', "", "65"]),
    ],
)
def test_what_is_not_in_the_range_has_no_coordinate(one, outside):
    assert [one.coordinate(text) for text in outside] == [None] * len(outside)
