"""docker/pip_settings.py: which of this machine's pip settings a build gets to see."""

import configparser
import importlib.util
from pathlib import Path

spec = importlib.util.spec_from_file_location("pip_settings", Path(__file__).parents[2] / "docker/pip_settings.py")
pip_settings = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pip_settings)


def parsed(listing: str) -> dict:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(pip_settings.settings_file(listing))
    return dict(parser["global"])


def test_an_index_and_its_timeout_are_handed_on():
    assert parsed("global.index-url='http://mirror.internal/simple'\nglobal.timeout='30'") == {
        "index-url": "http://mirror.internal/simple",
        "timeout": "30",
    }


def test_settings_that_name_local_files_are_not():
    listing = "global.cert='/etc/ca.pem'\nglobal.find-links='/opt/wheels'\nglobal.extra-index-url='file:///opt/pypi http://b/simple'"
    assert parsed(listing) == {"extra-index-url": "http://b/simple"}


def test_the_environment_wins_over_files():
    assert parsed("global.index-url='http://a/simple'\n:env:.index-url='http://b/simple'") == {
        "index-url": "http://b/simple"
    }


def test_a_machine_without_settings_gives_a_file_that_pip_can_read():
    assert parsed("") == {}


def test_both_secrets_carry_the_mark_that_the_layers_are_searched_for():
    """Without the mark in them, the search of the layers could not fail."""
    words = "A build secret: must not be in any layer"
    assert words in pip_settings.settings_file("")
    build = (Path(__file__).parents[2] / "docker/build.sh").read_text()
    assert f'echo "# {words}"; cat "$bundle"' in build
    assert words in (Path(__file__).parents[1] / "images/test_build_secrets.py").read_text()
