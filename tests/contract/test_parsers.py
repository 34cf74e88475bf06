"""Any text at all: it becomes a value, or a ValueError that says why; what was written is what is read."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract import hyperparameters, s3_uri
from contract.did_you_mean import did_you_mean
from contract.hyperparameters import DECLARATIONS
from contract.rule_choices import RuleChoice, parse_rules
from contract.rule_parameters import RULES, parameters_of
from contract.trace_steps import MOST_STEPS, parse_steps
from contract.value_kinds import Number, Whole
from tests.properties import repeatable

WORDS = [*DECLARATIONS, *RULES, "default", "off", "stop", "patience", "tensor_regex", "nan", "inf", "1e400", "10-12"]
# Texts of the languages' own words and signs come further into a parser than any text does.
TEXTS = st.text() | st.lists(st.sampled_from([*WORDS, *"(),=:'\"-. 019"]), max_size=12).map("".join)


def or_value_error(parse, *arguments):
    try:
        return parse(*arguments)
    except ValueError as error:
        assert str(error)
        return None


@repeatable
@given(st.sampled_from(sorted(DECLARATIONS)), TEXTS)
def test_a_hyperparameter_of_any_text_is_a_value_or_an_error_that_names_it(name, text):
    try:
        hyperparameters.read(name, text)
    except ValueError as error:
        assert str(error).startswith(f"Hyperparameter {name}: ")


@repeatable
@given(st.dictionaries(st.sampled_from(sorted(DECLARATIONS)) | st.text(max_size=9), TEXTS, max_size=4))
def test_hyperparameters_of_any_texts_are_a_run_or_a_value_error(given_texts):
    or_value_error(hyperparameters.parse, given_texts)


@repeatable
@given(st.sampled_from(sorted(DECLARATIONS)), TEXTS)
def test_quotes_and_spaces_around_a_value_mean_nothing(name, text):
    """SDK v2 wraps every value in quotes."""
    plain = text.strip().strip('"')
    assert or_value_error(hyperparameters.read, name, f' "{plain}" ') == or_value_error(
        hyperparameters.read, name, plain
    )


@repeatable
@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers() | st.floats())
def test_a_whole_number_is_taken_within_its_bounds_alone(one, other, number):
    kind = Whole(min(one, other), max(one, other))
    read = or_value_error(kind.read, repr(number))
    # A tuning job may send 64.0; beyond 2**53 a float is another number than was written.
    assert read == (number if kind.low <= number <= kind.high and number == int(number) else None)


@repeatable
@given(st.floats(-100, 100), st.floats(-100, 100), st.booleans(), st.floats())
def test_a_number_is_taken_within_its_bounds_alone_and_comes_back_as_it_was(one, other, above, number):
    kind = Number(min(one, other), max(one, other), above)
    inside = (kind.low < number if above else kind.low <= number) and number <= kind.high
    assert or_value_error(kind.read, repr(number)) == (number if inside else None)


@repeatable
@given(TEXTS)
@example("DeadRelu(tensor_regex=x{99999999999999999999})")  # no re.error: an OverflowError
@example(f"DeadRelu(tensor_regex='{'(' * 10_000}')")  # no re.error: a RecursionError
def test_rules_of_any_text_are_rules_or_a_value_error(text):
    for rule in or_value_error(parse_rules, text) or []:
        assert rule.parameters.keys() == RULES[rule.name].keys()


@repeatable
@given(st.lists(st.sampled_from(sorted(RULES)), min_size=1, unique=True), st.data())
def test_rules_are_read_as_they_were_written(names, data):
    chosen = []
    for name in names:
        numbers = [key for key, one in RULES[name].items() if type(one.default) is float]
        values = {key: data.draw(st.floats(0.001, 99.9)) for key in numbers}
        chosen.append(RuleChoice(name, parameters_of(name, values), data.draw(st.booleans())))
    text = ",".join(
        f"{one.name}({','.join(f'{key}={value!r}' for key, value in one.parameters.items() if type(value) is float)})"
        + ":stop" * one.stops
        for one in chosen
    )
    assert parse_rules(text) == chosen


@repeatable
@given(st.integers(1, 10**9), st.integers(0, MOST_STEPS - 1))
def test_steps_to_trace_are_read_as_they_were_written(first, more):
    assert parse_steps(f"{first}-{first + more}") == range(first, first + more + 1)


@repeatable
@given(st.text() | st.from_regex(r"\d{1,4}-\d{1,4}"))
def test_steps_of_any_text_are_at_most_so_many_from_1_on_or_a_value_error(text):
    steps = or_value_error(parse_steps, text)
    assert steps is None or (len(steps) <= MOST_STEPS and 0 not in steps)


@repeatable
@given(st.text(string.ascii_lowercase + string.digits + ".-", min_size=1), st.text())
def test_an_s3_uri_is_its_bucket_and_its_key_letter_by_letter(bucket, key):
    assert s3_uri.split_s3_uri(f"s3://{bucket}/{key}") == (bucket, key)


@repeatable
@given(st.text() | st.text().map("s3://".__add__))
def test_any_text_is_an_s3_uri_with_a_bucket_or_a_value_error(uri):
    try:
        bucket, key = s3_uri.split_s3_uri(uri)
    except ValueError:
        return
    assert bucket and "/" not in bucket and f"s3://{bucket}/{key}".startswith(uri)


@repeatable
@given(st.text(), st.lists(st.text(min_size=1), min_size=1))
def test_the_hint_names_one_known_name_or_all(name, known):
    hint = did_you_mean(name, known)
    assert hint.endswith(("?", ".")) and any(one in hint for one in known)


def test_a_name_itself_is_what_was_meant():
    assert did_you_mean("batch-size", DECLARATIONS) == "Did you mean batch-size?"
    with pytest.raises(ValueError, match=r"Did you mean batch-size\?"):
        hyperparameters.read("batch_siz", "1")
