"""The settings of all scripts: sagemaker.toml, and the environment before it (scripts/config/variables.py)."""

import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict

from scripts.config import contradictions, sections
from scripts.config.missing_keys import completed, in_words, missing_keys
from scripts.config.setting_problems import problems
from scripts.config.setting_types import Bucket, Environment, Hyperparameters, Prefix, Region, Role, Section
from scripts.config.variables import VariablesSource, unknown_variables
from scripts.console.failure import Failure
from scripts.console.make import PROJECT_FOLDER

FILE = Path(__file__).parents[2] / "sagemaker.toml"


class Settings(BaseSettings):
    """Everything in sagemaker.toml. `async_` is the section [async]."""

    model_config = cast(SettingsConfigDict, Section.model_config)

    prefix: Prefix
    role: Role
    bucket: Bucket
    region: Region
    hyperparameters: Hyperparameters
    environment: Environment
    push: sections.Push
    train: sections.Train
    debugger: sections.Debugger
    tune: sections.Tune
    deploy: sections.Deploy
    async_: sections.Async
    serverless: sections.Serverless
    autoscaling: sections.Autoscaling
    capture: sections.Capture
    update: sections.Update
    transform: sections.Transform
    costs: sections.Costs

    @property
    def scales_to_zero(self) -> bool:
        """Whether the endpoint is a realtime one that goes down to 0 instances, which AWS does by an inference
        component.
        """
        return contradictions.scales_to_zero(self.deploy, self.autoscaling)


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings, once for all.

    Args:
        file: default: sagemaker.toml of the project that the environment names, else of this checkout.
        environment: the process's own, unless one is given.

    A key that a project's file lacks has the value of this checkout's file, and a line on stderr names it. Raises
    Failure that has a line for every setting that is missing, unknown or wrong.
    """
    environment = os.environ if environment is None else environment
    project = environment.get(PROJECT_FOLDER)
    file = file or settings_file(environment)
    if not file.is_file():
        restore = f"cp {FILE} {file}" if project else f"git checkout -- {file.name}"
        raise Failure(f"{file} is missing. Restore it: {restore}")
    of_file: list[str] = []
    of_environment: list[str] = []
    taken: list[str] = []
    given = _tables(file)
    if file != FILE and (missing := missing_keys(Settings, given)) and FILE.is_file():
        given = completed(given, missing, _tables(FILE))
        taken = in_words(Settings, missing, environment)
    try:
        sources = (VariablesSource(Settings, environment), InitSettingsSource(Settings, given))
        settings = Settings(_build_sources=(sources, {}))  # type: ignore[call-arg] # pydantic's plugin leaves it out
    except ValidationError as error:
        of_file, of_environment = problems(Settings, error, environment)
    else:
        of_file = _contradictions(settings)
    of_environment += unknown_variables(Settings, environment)
    if of_file or of_environment:
        places = [file.name] * bool(of_file) + ["the environment"] * bool(of_environment)
        raise Failure(f"Invalid settings in {' and '.join(places)}:\n  " + "\n  ".join(of_file + of_environment))
    if taken:
        print(
            f"{file} has no {', '.join(taken)}: this version's values are taken, from {FILE}. Copy lines from there to "
            "choose others.",
            file=sys.stderr,
        )
    return settings


def settings_file(environment: Mapping[str, str]) -> Path:
    """sagemaker.toml of the project that the environment names, else of this checkout."""
    project = environment.get(PROJECT_FOLDER)
    return Path(project) / FILE.name if project else FILE


def _tables(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"{file} is not TOML: {error}. Correct that place, or restore the file from git.") from None


def _contradictions(settings: Settings) -> list[str]:
    mode = settings.deploy.mode
    return [
        *contradictions.of_train(settings.train),
        *contradictions.of_tune(settings.tune),
        *contradictions.of_deploy(settings.deploy),
        *contradictions.of_autoscaling(settings.autoscaling, mode),
        *contradictions.of_isolation(settings.deploy, settings.environment),
        *contradictions.of_capture(settings.capture, mode),
        *contradictions.of_serverless(settings.serverless, mode),
        *contradictions.of_update(settings.update, settings.deploy),
        *contradictions.of_scaling_to_zero(settings.deploy, settings.autoscaling, settings.capture, settings.update),
        *contradictions.of_transform(settings.transform),
    ]
