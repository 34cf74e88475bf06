"""What is read from what the engine tells about itself."""

import platform

import pytest

from local_test.host.engine import (
    NoEngine,
    connect,
    emulation_note,
    is_on_this_kernel,
    published_ports_warning,
    why_none,
)

HERE = {
    "KernelVersion": platform.release(),
    "OperatingSystem": "Debian GNU/Linux 12",
    "SecurityOptions": ["name=seccomp,profile=default"],
}


@pytest.mark.parametrize(
    ("change", "here"),
    [
        ({}, True),
        ({"SecurityOptions": None}, True),
        ({"KernelVersion": "1.2.3-another"}, False),
        ({"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]}, False),
        ({"OperatingSystem": "Docker Desktop"}, False),
    ],
)
def test_an_engine_in_a_virtual_machine_or_rootless_is_elsewhere(change, here):
    assert is_on_this_kernel({**HERE, **change}) is here


@pytest.mark.parametrize("version", ["20.10.24+dfsg1", "27.5.1"])
def test_an_engine_before_28_is_warned_about_with_the_next_step(version):
    warning = published_ports_warning({**HERE, "ServerVersion": version})
    assert (
        version in warning and "45610" in warning and "Docker Engine 28 closes this" in warning and "\n" not in warning
    )


@pytest.mark.parametrize(
    "info",
    [
        {**HERE, "ServerVersion": "28.0.0"},
        {**HERE, "ServerVersion": "29.1.2-rc.1"},
        {**HERE, "ServerVersion": "dev"},
        {**HERE, "ServerVersion": "20.10.24", "OperatingSystem": "Docker Desktop"},
    ],
)
def test_other_engines_are_not(info):
    assert published_ports_warning(info) is None


def test_a_user_outside_the_engines_group_is_told_how_to_join_it():
    said = why_none("('Connection aborted.', PermissionError(13, 'Permission denied'))")
    assert "permission denied" in said and "sudo usermod -aG docker $USER" in said and "log in again" in said
    assert "make engine" in why_none("('Connection aborted.', FileNotFoundError(2, 'No such file or directory'))")


def test_an_engine_that_docker_host_names_is_named_with_the_way_back():
    refused = "HTTPConnectionPool(host='h'): x (Caused by NewConnectionError('<y>: [Errno 111] Connection refused'))"
    said = why_none(refused, "tcp://h:1")
    assert said.startswith("No Docker engine answers at tcp://h:1, which DOCKER_HOST names (Connection refused).")
    assert said.endswith("unset DOCKER_HOST")


@pytest.mark.parametrize("address", ["nonsense", "http://x:y"])
def test_an_address_that_is_none_is_named_like_one_where_nothing_answers(address, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(NoEngine, match=f"No Docker engine answers at {address}, which DOCKER_HOST names"):
        connect()


@pytest.mark.parametrize(("processor", "noted"), [("aarch64", True), ("arm64", True), ("x86_64", False), ("", False)])
def test_an_engine_for_another_processor_is_said_to_emulate(processor, noted):
    note = emulation_note({"Architecture": processor})
    assert (note is not None) is noted and (not noted or ("linux/amd64" in note and processor in note))
