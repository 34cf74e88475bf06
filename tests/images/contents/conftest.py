"""The images, one after the other, and what a command prints in one."""

import contextlib
from functools import cache

import pytest

from local_test.host.labels import labels, remove

IMAGES = ("train_image", "serve_image")


@pytest.fixture(params=IMAGES)
def name(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="package")
def output(engine):
    """output(image's name, *command) -> what it prints to stdout. Nothing can change the image's files."""
    with contextlib.ExitStack() as started:

        @cache
        def container(name):
            made = engine.containers.run(
                name,
                ["infinity"],
                entrypoint="sleep",
                detach=True,
                network_mode="none",
                read_only=True,
                environment={"TMPDIR": "/dev/shm"},
                labels=labels("tests", "contents"),
            )
            started.callback(remove, made)
            return made

        def output(name, *command):
            status, (printed, errors) = container(name).exec_run(command, demux=True)
            assert status == 0, (printed, errors)
            return (printed or b"").decode()

        yield output
