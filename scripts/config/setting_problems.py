"""pydantic's errors as sentences that name the key as the user writes it, what it must be, and what it was."""

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from contract.did_you_mean import did_you_mean
from scripts.config.setting_types import Meaning, is_table
from scripts.config.variables import section_of, variable_of


def problems(
    settings: type[BaseModel], error: ValidationError, environment: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """A sentence for every key that is missing, unknown or wrong: those of the file, and those of the environment."""
    of_file: dict[str, str] = {}  # by key: a list with two wrong names is one problem
    of_environment: dict[str, str] = {}
    for one in error.errors(include_url=False):
        path = ".".join(str(part) for part in one["loc"] if isinstance(part, str) and part != "[key]")
        if one["type"] == "extra_forbidden":
            of_file.setdefault(
                path, f"{path} is unknown. {did_you_mean(str(one['loc'][-1]), _keys(settings, one['loc']))}"
            )
        elif one["type"] == "missing":
            of_file.setdefault(path, f"{path} is missing. Write it there, or restore the file from git.")
        else:
            field = _field(settings, one["loc"])
            has_variable = not section_of(field) and not is_table(field.annotation)
            if has_variable and (name := variable_of(path, environment)):
                of_environment.setdefault(name, f"{name} {_wrong(field, one)}.")
            else:
                of_file.setdefault(path, _of_value(path, field, one))
    return list(of_file.values()), list(of_environment.values())


def _of_value(path: str, field: FieldInfo, error: Mapping[str, Any]) -> str:
    if section_of(field):
        return f"{path} must be a section, [{path}]."
    if error["loc"][-1] == "[key]":
        *table, name, _ = error["loc"]
        return f"{'.'.join(table)} has the name {name!r}; names must be {_meaning(field)}."
    return f"{path} {_wrong(field, error)}."


def _wrong(field: FieldInfo, error: Mapping[str, Any]) -> str:
    """`must be ..., not ...`"""
    value = error["input"]
    if error["type"] == "too_long":
        return f"must have at most {error['ctx']['max_length']} names, not {error['ctx']['actual_length']}"
    if is_table(field.annotation):
        if error["type"] == "value_error":
            return str(error["ctx"]["error"])
        return f"must be a table, not {value!r}"
    if error["type"] == "string_type" and field.annotation is str:
        return f"must be text in quotes, not {value!r}"
    if isinstance(error["loc"][-1], int):  # a part of a list
        return f"must be {_meaning(field)}, not one with {value!r}"
    return f"must be {_meaning(field)}, not {value!r}"


def _meaning(field: FieldInfo) -> str:
    """What the field's value must be, in words."""
    limits: dict[str, Any] = {}
    for one in field.metadata:
        if isinstance(one, Meaning):
            return one.words
        limits |= {name: getattr(one, name) for name in ("ge", "gt", "le") if hasattr(one, name)}
    if field.annotation is bool:
        return "true or false, without quotes"
    if field.annotation is int:
        return f"a whole number from {limits['ge']} to {limits['le']}"
    if field.annotation is float:
        return f"a number above {limits['gt']}" if "gt" in limits else f"a number of at least {limits['ge']}"
    assert get_origin(field.annotation) is Literal, field
    return f"one of {', '.join(map(str, get_args(field.annotation)))}"


def _field(settings: type[BaseModel], place: tuple[Any, ...]) -> FieldInfo:
    """The field that an error's place is in: a key, or a section where the section itself is wrong."""
    field = _fields(settings)[place[0]]
    section = section_of(field)
    return _fields(section)[place[1]] if section and len(place) > 1 else field


def _keys(settings: type[BaseModel], place: tuple[Any, ...]) -> list[str]:
    """The keys that could stand at this place."""
    section = section_of(_fields(settings)[place[0]]) if len(place) > 1 else None
    return list(_fields(section or settings))


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {str(field.alias): field for field in model.model_fields.values()}
