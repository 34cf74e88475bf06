"""What is said about an engine that cannot mount the state folder."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from local_test.host.engine_reach import not_seen


class Engine:
    """What an engine tells about itself."""

    def __init__(self, base_url: str, system: str):
        self.api, self._system = SimpleNamespace(base_url=base_url), system

    def info(self):
        return {"OperatingSystem": self._system}


@pytest.mark.parametrize(
    ("base_url", "system", "said"),
    [
        ("http://10.0.0.2:2375", "Debian", r"at http://10\.0\.0\.2:2375 is on another machine.*unset DOCKER_HOST"),
        ("http+docker://ssh", "Debian", r"is on another machine"),
        ("http+docker://localhost", "Docker Desktop", r"does not share /state.*File sharing"),
        ("http+docker://localhost", "Debian", r"docker run --network host -v /state:/state"),
    ],
)
def test_each_kind_of_engine_has_its_own_way_out(base_url, system, said):
    assert re.search(said, not_seen(Engine(base_url, system), Path("/state")))
