"""`doctor`: each thing that may be so with the engine and with a checkout's images, as a finding with a next step."""

import platform

import pytest

from local_test.doctor.checkout import CheckoutFacts, checkout_findings, look_at_checkout
from local_test.doctor.engine_facts import EngineFacts, engine_findings
from local_test.host.engine import why_none

SOCKET = "http+docker://localhost"
INFO = {
    "ServerVersion": "28.1.0",
    "OperatingSystem": "Debian GNU/Linux 12",
    "KernelVersion": platform.release(),
    "Architecture": "x86_64",
    "SecurityOptions": [],
}
BUILT = frozenset(["dogbreed-train:abc", "dogbreed-serve:abc"])


def engine(**changes):
    return EngineFacts(**{"info": INFO, "address": SOCKET, "gateway": "172.17.0.1", "images": BUILT, **changes})


def levels(findings):
    for one in findings:
        assert one.says.endswith(".") and (one.level == "ok") == (one.next_step == ""), one
    return [(one.level, one.subject) for one in findings]


def test_an_engine_that_answers_is_named_with_its_version():
    [found] = engine_findings(engine())
    assert levels([found]) == [("ok", "engine")] and "28.1.0" in found.says and "Debian" in found.says


@pytest.mark.parametrize(
    ("error", "step"),
    [
        ("('Connection aborted.', PermissionError(13, 'Permission denied'))", "sudo usermod -aG docker $USER"),
        ("('Connection aborted.', FileNotFoundError(2, 'No such file or directory'))", "systemctl start docker"),
    ],
)
def test_no_engine_is_a_problem_whose_next_step_is_the_engines_own(error, step):
    [found] = engine_findings(EngineFacts(why_none=why_none(error)))
    assert levels([found]) == [("problem", "engine")] and step in found.next_step


def test_an_engine_that_could_not_be_asked_points_at_what_is_missing():
    [found] = engine_findings(EngineFacts(why_none="It was not asked, without the Python package docker. See Python."))
    assert levels([found]) == [("problem", "engine")] and found.next_step == "See Python."


def test_an_engine_elsewhere_is_a_warning(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.7:2375")
    found = engine_findings(engine(address="http://10.0.0.7:2375"))
    assert levels(found) == [("ok", "engine"), ("warning", "engine")] and "unset DOCKER_HOST" in found[1].next_step


def test_a_container_that_the_engines_containers_cannot_reach_is_a_problem():
    found = engine_findings(engine(is_apart=True))
    assert levels(found)[1:] == [("problem", "engine")] and "--network host" in found[1].next_step


def test_emulation_and_ports_that_neighbours_reach_are_warnings():
    assert levels(engine_findings(engine(info={**INFO, "Architecture": "aarch64"})))[1:] == [("warning", "engine")]
    found = engine_findings(engine(info={**INFO, "ServerVersion": "20.10.24"}))
    assert levels(found)[1:] == [("warning", "engine")] and "28" in found[1].next_step


HERE = CheckoutFacts("abc", "", "docker --load", "", "dogbreed")


def test_images_that_are_built_are_ok_and_others_name_make_build():
    assert levels(checkout_findings(HERE, engine())) == [("ok", "BuildKit"), ("ok", "images")]
    for images in (frozenset(), frozenset(["dogbreed-train:older"]), frozenset(["dogbreed-train:abc"])):
        found = checkout_findings(HERE, engine(images=images))
        assert levels(found) == [("ok", "BuildKit"), ("warning", "images")] and found[1].next_step == "make build"
    assert "first build" in checkout_findings(HERE, engine(images=frozenset()))[1].says


def test_without_an_engine_nothing_is_said_of_what_it_has():
    assert levels(checkout_findings(HERE, EngineFacts(why_none="None answers. Start it."))) == [("ok", "BuildKit")]


def test_what_the_build_scripts_say_becomes_a_finding(tmp_path):
    (tmp_path / "docker").mkdir()
    for name, said in (("tag.sh", "The tag is the git commit"), ("buildkit_client.sh", "No BuildKit: install buildx")):
        (tmp_path / "docker" / name).write_text(f"#!/bin/sh\necho some talk >&2\necho '{said}' >&2\nexit 1\n")
        (tmp_path / "docker" / name).chmod(0o755)
    found = checkout_findings(look_at_checkout(tmp_path), engine())
    assert levels(found[:1]) == [("problem", "BuildKit")] and found[0].next_step == "install buildx"
    assert (found[1].level, found[1].subject) == ("problem", "images") and "git commit" in found[1].says
