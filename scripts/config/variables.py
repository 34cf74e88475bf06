"""The environment variables of the settings: their names, and what they say.

A key above the sections is read from SAGEMAKER_<KEY>, a key in a section from SAGEMAKER_<SECTION>_<KEY>, in capitals
and with `_` for `-`. Two keys have the names that other programs read already: `prefix` is IMAGE_PREFIX
(docker/build.sh), and `region` is AWS_REGION, then AWS_DEFAULT_REGION. An empty variable is one that is not set. The
tables `hyperparameters`, `environment` and `tune.ranges` have none.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from contract.did_you_mean import did_you_mean
from scripts.config.setting_types import Section, is_table

OTHER_NAMES = {"prefix": ("IMAGE_PREFIX",), "region": ("AWS_REGION", "AWS_DEFAULT_REGION")}
_SWITCHES = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class VariablesSource(PydanticBaseSettingsSource):
    """The settings that the environment has. pydantic-settings' own source would take JSON for a whole section and
    names in small letters, too, and cannot tell the `_` of a key from that between section and key.
    """

    def __init__(self, settings: type[BaseSettings], environment: Mapping[str, str]):
        super().__init__(settings)
        self._environment = environment

    def __call__(self) -> dict[str, Any]:
        """`{"role": "my-role", "train": {"spot": True}}`, by the keys of sagemaker.toml."""
        found: dict[str, Any] = {}
        for path, field in keys(self.settings_cls):
            value, key, _ = self.get_field_value(field, path)
            if value is not None:
                section = found.setdefault(path.partition(".")[0], {}) if "." in path else found
                section[key] = value
        return found

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """field_name: the path of the key, `train.spot`."""
        name = variable_of(field_name, self._environment)
        value = _value(self._environment[name], field.annotation) if name else None
        return value, field_name.rpartition(".")[2], False


def keys(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """`("train.instance-type", its field)`: every key that the environment can set."""
    for field in model.model_fields.values():
        path = f"{above}{field.alias}"
        if section := section_of(field):
            yield from keys(section, f"{path}.")
        elif not is_table(field.annotation):
            yield path, field


def section_of(field: FieldInfo) -> type[Section] | None:
    """The section that the field is; None for a key."""
    return field.annotation if isinstance(field.annotation, type) and issubclass(field.annotation, Section) else None


def names_of(path: str) -> tuple[str, ...]:
    """`train.instance-type` -> `("SAGEMAKER_TRAIN_INSTANCE_TYPE",)`; the first that is set counts."""
    return OTHER_NAMES.get(path) or ("SAGEMAKER_" + re.sub("[.-]", "_", path).upper(),)


def variable_of(path: str, environment: Mapping[str, str]) -> str | None:
    """The variable that this key's value comes from."""
    return next((name for name in names_of(path) if environment.get(name)), None)


def unknown_variables(settings: type[BaseModel], environment: Mapping[str, str]) -> list[str]:
    """A misspelt variable would silently do nothing. Only names that begin with one of our sections can be ours."""
    known = [name for path, _ in keys(settings) for name in names_of(path)]
    sections = tuple(
        f"{names_of(field.alias or '')[0]}_" for field in settings.model_fields.values() if section_of(field)
    )
    return [
        f"{name} in the environment sets nothing. {did_you_mean(name, known)}"
        for name in sorted(environment)
        if name.startswith(sections) and name not in known
    ]


def _value(text: str, kind: Any) -> Any:
    """The text as TOML would have it. Text that is none of its kind stays as it is: validation says what it must be."""
    if kind is bool:
        return _SWITCHES.get(text.lower(), text)
    if kind is int or (get_origin(kind) is Literal and all(isinstance(one, int) for one in get_args(kind))):
        return int(text) if re.fullmatch(r"-?\d+", text) else text
    if kind is float:
        try:
            return float(text)
        except ValueError:
            return text
    if get_origin(kind) is tuple:
        return [name.strip() for name in text.split(",") if name.strip()]
    return text
