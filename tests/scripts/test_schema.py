"""sagemaker.schema.json: what an editor knows of sagemaker.toml."""

import json
import re

import pytest

from scripts.config.schema import SCHEMA_FILE, schema_text
from scripts.config.settings import FILE

SCHEMA = json.loads(SCHEMA_FILE.read_text())


def section(name: str) -> dict:
    return SCHEMA["$defs"][SCHEMA["properties"][name]["$ref"].rpartition("/")[2]]


def test_the_schema_is_that_of_the_models():
    assert SCHEMA_FILE.read_text() == schema_text(), "write it anew: python -m scripts.config.schema"


def test_the_settings_name_their_schema_in_the_line_that_editors_read():
    assert FILE.read_text().splitlines()[0] == f"#:schema ./{SCHEMA_FILE.name}"


def test_keys_are_written_as_in_the_file_and_no_other_is_allowed():
    assert "max-runtime-seconds" in section("train")["properties"] and section("async")
    assert section("train")["additionalProperties"] is False and SCHEMA["additionalProperties"] is False


def test_an_editor_is_told_what_a_value_may_be():
    assert section("deploy")["properties"]["mode"]["enum"] == ["realtime", "async", "serverless"]
    count = section("train")["properties"]["instance-count"]
    assert (count["minimum"], count["maximum"]) == (1, 100)


@pytest.mark.parametrize("prefix, right", [("dog-house-2", True), ("Dog", False), ("dog--house", False)])
def test_patterns_are_anchored(prefix, right):
    assert bool(re.search(SCHEMA["properties"]["prefix"]["pattern"], prefix)) is right


def test_numbers_and_switches_are_values_of_hyperparameters():
    (values,) = SCHEMA["properties"]["hyperparameters"]["patternProperties"].values()
    assert {one["type"] for one in values["anyOf"]} == {"string", "integer", "number", "boolean"}


@pytest.mark.parametrize("table", ["hyperparameters", "environment"])
def test_a_name_that_no_table_may_have_is_marked(table):
    assert SCHEMA["properties"][table]["additionalProperties"] is False
    assert section("tune")["properties"]["ranges"]["additionalProperties"] is False
