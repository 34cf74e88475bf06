"""docker/source_label.py: where the repository comes from, without a password or a token."""

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "docker/source_label.py"
spec = importlib.util.spec_from_file_location("source_label", FILE)
source_label = importlib.util.module_from_spec(spec)
spec.loader.exec_module(source_label)


@pytest.mark.parametrize(
    "url, label",
    [
        ("https://host.example/team/repository.git", "https://host.example/team/repository.git"),
        ("https://user@host.example/team/x", "https://host.example/team/x"),
        ("https://user:pass@host.example:8443/team/x", "https://host.example:8443/team/x"),
        ("https://ghp_token@host.example/team/x", "https://host.example/team/x"),
        ("https://oauth2:glpat-1@host.example/x", "https://host.example/x"),
        ("ssh://git:pw@host.example:22/x", "ssh://host.example:22/x"),
        ("ssh://git@[::1]:22/x", "ssh://[::1]:22/x"),
        ("git@host.example:team/x.git", "host.example:team/x.git"),
        ("git:pw@host.example:team/x.git", "host.example:team/x.git"),
        ("https://user:p@ss@host.example/x", "https://host.example/x"),
        ("https://user:p/ss@host.example/x", "https://host.example/x"),
        ("https://user:p#ss@host.example/x", "https://host.example/x"),
        ("https://host.example/x?access_token=secret", "https://host.example/x"),
        ("https://host.example/x#secret", "https://host.example/x"),
        ("https://u:p@host.example/x?private_token=secret#more", "https://host.example/x"),
        ("../elsewhere/repository", "../elsewhere/repository"),
        ("/srv/git/x", "/srv/git/x"),
    ],
)
def test_the_label_keeps_host_and_path_alone(url, label):
    assert source_label.without_credentials(url) == label


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https://?token=secret",
        "https://user:12/secret@host/x",
        "https://user:p@s/secret@host/x",
        "https://host/@scope/x",
        "https://host/x?token=secret@y",
        "ext::sh -c secret",
        "https://a:b@c/https://d:secret@e/x",
        "https://user:se cret@host/x",
        "a:secret@b@host:x",
    ],
)
def test_where_the_password_cannot_be_told_from_the_path_the_label_is_unknown(url):
    assert source_label.without_credentials(url) == "unknown"


def test_no_password_of_any_letters_gets_into_the_label():
    letters = random.Random(0)
    for _ in range(5_000):
        noise = "".join(letters.choices("ab1@/:?#%&=.[]~", k=letters.randrange(6)))
        more = "".join(letters.choices("ab1@/:?#%&=.[]~", k=letters.randrange(6)))
        for url in (
            f"https://user:{noise}SECRET{more}@host/x",
            f"https://{noise}SECRET{more}@host/x",
            f"ssh://git:{noise}SECRET{more}@host/x",
            f"git:{noise}SECRET{more}@host:x",
        ):
            assert "SECRET" not in source_label.without_credentials(url), url


def test_the_build_asks_this_program_and_no_other():
    build = (FILE.parent / "build.sh").read_text()
    assert 'source=$("$python" docker/source_label.py "$remote")' in build and '--build-arg SOURCE="$source"' in build
    done = subprocess.run(
        [sys.executable, FILE, "https://user:secret@host/x"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "https://host/x\n"
