"""The profiler's configuration, /opt/ml/input/config/profilerconfig.json, from the request's ProfilerConfig.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProfilerConfig.html
"""

import json
from dataclasses import dataclass
from pathlib import Path

from container.runtime.failure import TrainingFailure

CONFIG_FILE = Path("/opt/ml/input/config/profilerconfig.json")
PLATFORM_FOLDER = Path("/opt/ml/output/profiler")  # what is written here goes to S3OutputPath while the job runs
INTERVALS_MS = (100, 200, 500, 1000, 5000, 60000)
DEFAULT_INTERVAL_MS = 500


@dataclass(frozen=True)
class ProfilerConfig:
    """enabled: False when the request has DisableProfiler. interval_ms: between two samples of the system. folder: of
    the profile.
    """

    enabled: bool
    interval_ms: int
    folder: Path


def read_profiler_config(
    own_folder: Path, file: Path = CONFIG_FILE, platform_folder: Path = PLATFORM_FOLDER
) -> ProfilerConfig:
    """Read the configuration; without a file the profiler is on.

    Args:
        own_folder: for the profile when the platform does not keep it: there is no file, or it has DisableProfiler.
        file: of the configuration.
        platform_folder: for a profile that the platform keeps.

    Raises TrainingFailure when the file is not what the platform writes.
    """
    try:
        said = json.loads(file.read_bytes())
    except FileNotFoundError:
        return ProfilerConfig(True, DEFAULT_INTERVAL_MS, own_folder)
    except ValueError as error:
        raise TrainingFailure(
            f"{file} is not JSON: {error}. Start the job again, with a ProfilerConfig or without one."
        ) from error
    if not isinstance(said, dict):
        raise TrainingFailure(
            f"{file} holds no JSON object. Start the job again, with a ProfilerConfig or without one."
        )
    enabled = not _disabled(said.get("DisableProfiler", False))
    interval_ms = _interval_ms(said.get("ProfilingIntervalInMilliseconds", DEFAULT_INTERVAL_MS))
    return ProfilerConfig(enabled, interval_ms, platform_folder if enabled else own_folder)


def _disabled(value: object) -> bool:
    meanings = {"true": True, "false": False}
    if str(value).lower() not in meanings:
        raise TrainingFailure(f"ProfilerConfig: DisableProfiler must be true or false, not {value!r}.")
    return meanings[str(value).lower()]


def _interval_ms(value: object) -> int:
    if str(value) not in map(str, INTERVALS_MS):
        choices = ", ".join(map(str, INTERVALS_MS))
        raise TrainingFailure(
            f"ProfilerConfig: ProfilingIntervalInMilliseconds must be one of {choices}, not {value!r}."
        )
    return int(str(value))
