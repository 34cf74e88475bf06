"""Containers of the train image by itself."""

import contextlib
import itertools

import pytest

from local_test.host.confinement import CONFINEMENT
from local_test.host.labels import labels
from tests.images.training.container import TrainingContainer, config, packed

NUMBERS = itertools.count(1)


@pytest.fixture
def start(engine, train_image):
    """start(files, hyperparameters, ...) -> TrainingContainer. files: by absolute path, beside those of
    /opt/ml/input/config; without: paths of those that are left out.
    """
    with contextlib.ExitStack() as started:

        def run(
            files=None,
            hyperparameters=None,
            command="train",
            hosts=("algo-1",),
            channels=(),
            image=None,
            owner=0,
            without=(),
            **options,
        ) -> TrainingContainer:
            options = {"hostname": hosts[0], "network_mode": "none", "extra_hosts": {hosts[0]: "127.0.0.1"}, **options}
            container = engine.containers.create(
                image or train_image,
                command,
                labels=labels("tests", f"training-{next(NUMBERS)}"),
                **CONFINEMENT,
                **options,
            )
            started.callback(container.remove, force=True, v=True)
            folders = {"/opt/ml/model/": "", "/opt/ml/output/": "", "/opt/ml/output/data/": ""}
            laid_out = folders | config(hyperparameters or {}, hosts, channels) | (files or {})
            container.put_archive(
                "/", packed({path: laid_out[path] for path in laid_out if path not in without}, "w", owner)
            )
            container.start()
            return TrainingContainer(container)

        yield run


@pytest.fixture
def run(start):
    """The same at its end: run(...) -> (exit status, TrainingContainer)."""

    def ended(*arguments, **options):
        container = start(*arguments, **options)
        return container.ended(), container

    return ended


@pytest.fixture
def program(run):
    """program("source", ...) -> (exit status, TrainingContainer) of a user's train.py in /opt/ml/code."""
    return lambda source, **options: run(
        {"/opt/ml/code/train.py": source}, {"sagemaker_program": "train.py"}, **options
    )
