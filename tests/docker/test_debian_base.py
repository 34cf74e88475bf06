"""docker/debian_base.sh and base_age.py: what the images stand on, pinned, renewed by one command, and its age said.

docker and mmdebstrap are small programs here: `images` is a folder with a file for each image that the engine has, its
time in it."""

import importlib.util
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docker"
MADE = "debian-bookworm-slim:made-like-debian"
DIGEST = f"sha256:{'a' * 64}"
DOCKER = """#!/bin/sh
file() { printf '%s/images/%s' "$0.d" "$1"; }
echo "$*" >>"$0.d/calls"
for last; do :; done
case "$1 $2" in
    "image inspect")
        [ -f "$(file "$last")" ] || { echo "No such image: $last" >&2; exit 1; }
        case "$*" in *RepoDigests*) [ ! -f "$0.d/digest" ] || echo "debian@$(cat "$0.d/digest")" ;;
            *Created*) cat "$(file "$last")" ;; esac ;;
    "pull --quiet")
        [ -f "$0.d/registry" ] || { echo "no such host" >&2; exit 1; }
        date -u +%Y-%m-%dT%H:%M:%S.1Z >"$(file "$last")" ;;
    "import --platform") date -u +%Y-%m-%dT%H:%M:%S.1Z >"$(file "$last")" ;;
esac
"""
spec = importlib.util.spec_from_file_location("base_age", FOLDER / "base_age.py")
base_age = importlib.util.module_from_spec(spec)
spec.loader.exec_module(base_age)


class Machine:
    """A copy of docker/ with a pin of its own, and an engine that has `images`."""

    def __init__(self, folder: Path):
        self._docker, self._tools, self._state = folder / "docker", folder / "bin", folder / "bin/docker.d"
        self._docker.mkdir()
        (self._state / "images").mkdir(parents=True)
        shutil.copy(FOLDER / "debian_base.sh", self._docker)
        for name, text in {"docker": DOCKER, "mmdebstrap": '#!/bin/sh\n[ ! -f "$0.fails" ]\n'}.items():
            (self._tools / name).write_text(text)
            (self._tools / name).chmod(0o755)
        self.pin("2026-11-01T00:00:00Z")

    def pin(self, renewed: str, digest: str = "") -> None:
        (self._docker / "base.pin").write_text(f"# why\nrenewed={renewed}\ndigest={digest}\n")

    def pinned(self) -> dict[str, str]:
        return dict(
            line.split("=") for line in (self._docker / "base.pin").read_text().splitlines() if not line.startswith("#")
        )

    def image(self, name: str, created: str) -> None:
        (self._state / "images" / name).write_text(created)

    def created(self, name: str) -> str:
        return (self._state / "images" / name).read_text()

    def registry(self, digest: str) -> None:
        (self._state / "registry").touch()
        (self._state / "digest").write_text(digest)

    def nothing_can_be_made(self) -> None:
        (self._tools / "mmdebstrap.fails").touch()

    def calls(self) -> str:
        return (self._state / "calls").read_text() if (self._state / "calls").exists() else ""

    def run(self, *words: str, base_image: str = "") -> subprocess.CompletedProcess:
        environment = {"PATH": f"{self._tools}:/usr/bin:/bin", "BASE_IMAGE": base_image}
        return subprocess.run(
            [self._docker / "debian_base.sh", *words], env=environment, capture_output=True, text=True
        )


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_a_base_that_the_user_names_is_taken_as_it_is(machine):
    assert machine.run(base_image="mine:1").stdout == "mine:1\n" and machine.calls() == ""


def test_the_pinned_digest_is_what_is_pulled_and_built_on(machine):
    machine.pin("2026-11-01T00:00:00Z", DIGEST)
    machine.registry(DIGEST)
    machine.image("debian:bookworm-slim", "2020-01-01T00:00:00Z")
    done = machine.run()
    assert (
        done.stdout == f"debian@{DIGEST}\n"
        and f"pull --quiet --platform linux/amd64 debian@{DIGEST}" in machine.calls()
    )


def test_what_was_pulled_by_tag_is_named_by_its_digest(machine):
    machine.registry(DIGEST)
    machine.image("debian:bookworm-slim", "2026-11-20T00:00:00Z")
    assert machine.run().stdout == f"debian@{DIGEST}\n" and "pull" not in machine.calls()


def test_without_a_registry_the_base_made_here_is_used_while_it_is_not_older_than_the_pin(machine):
    machine.image(MADE, "2026-11-01T00:00:01.5Z")
    assert machine.run().stdout == f"{MADE}\n"
    assert "pull" not in machine.calls() and "import" not in machine.calls()


def test_a_base_made_here_before_the_pin_is_made_anew(machine):
    machine.image(MADE, "2026-10-31T23:59:59.9Z")
    assert machine.run().stdout == f"{MADE}\n"
    assert "import" in machine.calls() and machine.created(MADE) > "2026-11-01"


def test_an_old_base_is_used_with_a_warning_where_nothing_newer_can_be_had(machine):
    machine.image(MADE, "2026-10-31T00:00:00Z")
    machine.nothing_can_be_made()
    done = machine.run()
    assert done.returncode == 0 and done.stdout == f"{MADE}\n" and "is older than" in done.stderr


def test_without_any_base_it_fails(machine):
    machine.nothing_can_be_made()
    done = machine.run()
    assert done.returncode == 1 and done.stdout == ""
    assert "There is no base for the images: " in done.stderr and "make build BASE_IMAGE=" in done.stderr


def test_renewing_pins_the_digest_that_the_registry_has_today(machine):
    machine.pin("2026-11-01T00:00:00Z", f"sha256:{'b' * 64}")
    machine.registry(DIGEST)
    done = machine.run("--renew")
    assert (
        done.returncode == 0
        and machine.pinned()["digest"] == DIGEST
        and machine.pinned()["renewed"] > "2026-11-01T00:00:00Z"
    )
    assert "pull --quiet --platform linux/amd64 debian:bookworm-slim" in machine.calls()
    assert done.stdout == f"debian@{DIGEST}\n" and "make build" in done.stderr


def test_renewing_without_a_registry_makes_the_base_anew(machine):
    machine.pin("2026-11-01T00:00:00Z", DIGEST)
    machine.image(MADE, "2026-11-20T00:00:00Z")
    done = machine.run("--renew")
    assert done.stdout == f"{MADE}\n" and machine.created(MADE) != "2026-11-20T00:00:00Z"
    assert machine.pinned()["digest"] == "" and machine.pinned()["renewed"] > "2026-11-01T00:00:00Z"
    machine.nothing_can_be_made()
    assert machine.run().stdout == f"{MADE}\n", "what was just renewed counts as older than the pin"


def test_renewing_that_fails_leaves_the_pin_and_the_base(machine):
    before = machine.pinned()
    machine.image(MADE, "2026-11-20T00:00:00Z")
    machine.nothing_can_be_made()
    done = machine.run("--renew")
    assert done.returncode == 1 and machine.pinned() == before and machine.created(MADE) == "2026-11-20T00:00:00Z"
    assert "was not renewed" in done.stderr


def test_renewing_a_base_of_ones_own_pulls_it_and_renews_the_packages_on_it(machine):
    done = machine.run("--renew", base_image="mine:1")
    assert done.stdout == "mine:1\n" and "mine:1 cannot be pulled and stays" in done.stderr
    assert machine.pinned()["renewed"] > "2026-11-01T00:00:00Z"


def test_the_pin_reaches_the_layers_of_debian_packages():
    """Before the first RUN of the stage that all others stand on, so that another time makes it anew."""
    stage = (FOLDER / "Dockerfile").read_text().split("AS os\n")[1].split("\nFROM")[0]
    assert stage.index("ARG RENEWED") < stage.index("RUN ") and "apt-get upgrade" in stage
    assert "--build-arg RENEWED=\"$(sed -n 's/^renewed=//p' docker/base.pin)\"" in (FOLDER / "build.sh").read_text()


NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "created, words",
    [
        ("2026-11-29T00:00:00.123456789Z", "0 days old"),
        ("2026-11-28T11:00:00Z", "1 day old"),
        ("2026-11-17T00:00:00Z", "12 days old"),
        ("", "not on this machine yet"),
        ("1970-01-01T00:00:00Z", "of unknown age"),
    ],
)
def test_the_age_of_the_base_is_said_with_the_way_to_renew_it(created, words):
    said = base_age.sentence(f"debian@{DIGEST}", created, NOW)
    assert (
        said.startswith(f"Base: debian:bookworm-slim@{DIGEST}, ")
        and words in said
        and "`make renew-base` takes today's security fixes" in said
    )
    assert "warning" not in said


def test_a_base_of_more_than_thirty_days_is_warned_of():
    assert "warning" not in base_age.sentence("x", "2026-10-30T13:00:00Z", NOW)
    assert "warning: The base is more than 30 days old" in base_age.sentence("x", "2026-10-29T11:00:00Z", NOW)
