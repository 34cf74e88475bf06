"""Where a user's program and packages are looked for in a model's archive, in the real container."""

import json

import pytest
from docker.types import Mount

from tests.serving.conftest import exited, wait_for
from tests.serving.test_users_code import MODEL_FN, wheel

ANSWER = MODEL_FN + "def transform_fn(m, b, t, a): return 'mine', 'text/plain'\n"


@pytest.mark.parametrize(
    ("files", "environment", "said"),
    [
        (
            {"inference.py": ANSWER},
            {},
            "code/inference.py was not found; the archive has: inference.py, model.safetensors. Put inference.py into",
        ),
        (
            {"model/code/inference.py": ANSWER},
            {},
            "code/inference.py was not found; the archive has: model/code/inference.py, model.safetensors.",
        ),
        (
            {"code/inference.py": ANSWER},
            {"SAGEMAKER_PROGRAM": "infrence.py"},
            "code/infrence.py, which SAGEMAKER_PROGRAM names, was not found; the archive has: code/inference.py, ",
        ),
    ],
    ids=["at the top", "a folder too deep", "mistyped"],
)
def test_a_program_that_is_not_where_it_is_looked_for_ends_the_start(serve, model_folder, files, environment, said):
    with serve(model_folder(files), environment, wait=False) as served:
        wait_for(lambda: exited(served.container), 20)
        assert served.container.attrs["State"]["ExitCode"] == 1
        [line] = served.log.splitlines()
        assert line.startswith(f"error: {said}")


def test_a_model_of_several_whose_program_is_elsewhere_is_refused_with_that_sentence(serve, model_folder, tmp_path):
    model_folder({"inference.py": ANSWER}).rename(tmp_path / "a")
    with serve(
        environment={"SAGEMAKER_MULTI_MODEL": "true"},
        mounts=[Mount("/opt/ml/models", str(tmp_path), type="bind", read_only=True)],
    ) as served:
        answer = served.ask(
            "POST",
            "/models",
            json.dumps({"model_name": "a", "url": "/opt/ml/models/a"}).encode(),
            {"Content-Type": "application/json"},
        )
        assert answer.status == 400 and "code/inference.py was not found; the archive has: inference.py" in answer.error
        assert served.ask("GET", "/models").json == {"models": []}


def test_files_that_nothing_imports_are_a_warning_and_our_model_answers(serve, model_folder, picture):
    with serve(model_folder({"code/handler.py": ANSWER})) as served:
        assert served.invoke(picture).status == 200
        assert (
            "warning: code/inference.py was not found; the archive has: code/handler.py, model.safetensors."
            in served.log
        )


def test_a_wheel_named_by_a_relative_path_is_found_beside_the_requirements(serve, model_folder):
    code = MODEL_FN + "import greeting\ndef transform_fn(m, b, t, a): return greeting.WORD, 'text/plain'\n"
    files = {
        "code/inference.py": code,
        "code/requirements.txt": "./wheels/greeting-1.0-py3-none-any.whl\n",
        "code/wheels/greeting-1.0-py3-none-any.whl": wheel(),
    }
    with serve(model_folder(files, None), {"PIP_NO_INDEX": "1"}) as served:
        assert served.invoke(b"x", "x/y").body == b"hello"


def test_packages_below_code_lib_are_imported(serve, model_folder):
    files = {
        "code/inference.py": MODEL_FN + "import lexicon\ndef transform_fn(m, b, t, a): return lexicon.WORD, "
        "'text/plain'\n",
        "code/lib/lexicon/__init__.py": "from lexicon.words import WORD\n",
        "code/lib/lexicon/words.py": "WORD = 'hello'\n",
    }
    with serve(model_folder(files, None)) as served:
        assert served.invoke(b"x", "x/y").body == b"hello"
