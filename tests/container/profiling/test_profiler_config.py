"""The platform's profilerconfig.json, and a run without one."""

import json

import pytest

from container.profiling.profiler_config import INTERVALS_MS, ProfilerConfig, read_profiler_config
from container.runtime.failure import TrainingFailure


@pytest.fixture
def said(tmp_path):
    """said(content) -> what is read from a file with this content, JSON or bytes; None: no file."""

    def read(content):
        file = tmp_path / "profilerconfig.json"
        if content is not None:
            file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return read_profiler_config(tmp_path / "own", file, tmp_path / "platform")

    return read


def test_without_a_file_the_profile_is_on_and_the_runs_own(said, tmp_path):
    assert said(None) == ProfilerConfig(True, 500, tmp_path / "own")


def test_the_platform_keeps_the_profile_that_a_request_asks_for(said, tmp_path):
    request = {"S3OutputPath": "s3://bucket/profile", "ProfilingIntervalInMilliseconds": 1000}
    assert said(request) == ProfilerConfig(True, 1000, tmp_path / "platform")


def test_a_request_that_says_only_where_has_the_default_interval(said, tmp_path):
    assert said({"S3OutputPath": "s3://bucket/profile"}) == ProfilerConfig(True, 500, tmp_path / "platform")


@pytest.mark.parametrize("word", [True, "true", "True"])
def test_a_disabled_profile_is_not_kept_by_the_platform(said, tmp_path, word):
    assert said({"DisableProfiler": word}) == ProfilerConfig(False, 500, tmp_path / "own")


@pytest.mark.parametrize("interval", INTERVALS_MS)
def test_every_interval_of_the_platform_is_taken_also_as_text(said, interval):
    assert said({"ProfilingIntervalInMilliseconds": interval}).interval_ms == interval
    assert said({"ProfilingIntervalInMilliseconds": str(interval)}).interval_ms == interval


@pytest.mark.parametrize(
    "content, named",
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ([], "no JSON object"),
        ({"ProfilingIntervalInMilliseconds": 300}, "ProfilingIntervalInMilliseconds"),
        ({"ProfilingIntervalInMilliseconds": None}, "ProfilingIntervalInMilliseconds"),
        ({"ProfilingIntervalInMilliseconds": True}, "ProfilingInterval"),
        ({"DisableProfiler": "perhaps"}, "DisableProfiler"),
        ({"DisableProfiler": 1}, "DisableProfiler"),
    ],
)
def test_anything_else_is_a_sentence_that_names_it(said, content, named):
    with pytest.raises(TrainingFailure, match=named):
        said(content)
