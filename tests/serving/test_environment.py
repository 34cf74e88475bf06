"""Environments as the field's SDKs and models bring them: the container starts, and says what it did not take as it
was.
"""

import pytest

from tests.serving.conftest import exited, wait_for

ECHO = (
    "import os\ndef model_fn(d): return 1\n"
    "def transform_fn(m, b, t, a): return str(os.environ.get(b.decode())), 'text/plain'\n"
)


@pytest.mark.parametrize(
    ("environment", "warning"),
    [
        (
            {  # of a JumpStart model: https://sagemaker.readthedocs.io/en/stable/overview.html#use-built-in-algorithms
                "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
                "SAGEMAKER_REGION": "us-west-2",
                "SAGEMAKER_PROGRAM": "inference.py",
                "ENDPOINT_SERVER_TIMEOUT": "3600",
                "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                "SAGEMAKER_MODEL_SERVER_TIMEOUT": "3600",
                "MODEL_CACHE_ROOT": "/opt/ml/model",
                "SAGEMAKER_ENV": "1",
                "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
            },
            "SAGEMAKER_MODEL_SERVER_TIMEOUT=3600 is not from 0 to 60 minutes: 60 is used.",
        ),
        ({"BATCH_SIZE": "256", "LOG_LEVEL": "verbose"}, "BATCH_SIZE=256 is not from 1 to 100: 100 is used."),
        (
            {"SAGEMAKER_MODEL_SERVER_WORKERS": "auto", "SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS": "soon"},
            "SAGEMAKER_MODEL_SERVER_WORKERS=auto is not a whole number: 1 is used.",
        ),
        (
            {
                "SAGEMAKER_MODEL_SERVER_WORKERS": "0",
                "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "",
                "SAGEMAKER_PROGRAM": "",
            },
            None,
        ),
    ],
    ids=["JumpStart", "a user's own", "no numbers", "nothing"],
)
def test_an_environment_of_the_fields_starts_and_is_warned_of(serve, model_folder, environment, warning):
    with serve(model_folder({"code/inference.py": ECHO}, None), environment) as served:
        warnings = [line for line in served.log.splitlines() if line.startswith("warning: The environment variable ")]
        assert any(warning in line for line in warnings) if warning else not warnings
        assert len(served.workers()) == 1
        for name in ("BATCH_SIZE", "LOG_LEVEL"):  # a user's own reaches the user's code as it is
            assert served.invoke(name.encode(), "x/y").body.decode() == str(environment.get(name))


def test_our_own_setting_is_refused_by_name_before_anything_starts(serve):
    with serve(environment={"DOGBREED_BATCH_SIZE": "lots"}, wait=False) as served:
        wait_for(lambda: exited(served.container), 20)
        assert served.container.attrs["State"]["ExitCode"] == 1
        assert (
            served.log.strip()
            == "error: The environment variable DOGBREED_BATCH_SIZE must be a whole number from 1 to 100, not 'lots'."
        )
