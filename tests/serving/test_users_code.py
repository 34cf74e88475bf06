"""/opt/ml/model/code: a user's own functions and packages, in the real container."""

import io
import zipfile

import pytest

MODEL_FN = "def model_fn(model_dir):\n    return 'mine'\n"


def wheel() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("greeting.py", "WORD = 'hello'\n")
        archive.writestr("greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        archive.writestr(
            "greeting-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("greeting-1.0.dist-info/RECORD", "")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (
            MODEL_FN
            + "def input_fn(b, t): return b\ndef predict_fn(b, m): return b.decode() + m\ndef output_fn(p, a): return "
            "p, 'text/plain'\n",
            b"abcmine",
        ),
        (
            MODEL_FN
            + "def input_fn(b, t, context): return context.get_request_header(0, 'X-Who')\n"
            + "def predict_fn(b, m, context): return b + m\ndef output_fn(p, a, context): return p, 'text/plain'\n",
            b"memine",
        ),
        (
            MODEL_FN + "def input_fn(b, t): return b\ndef predict_batch_fn(bodies, m): return [b.decode() for b in "
            "bodies]\ndef output_fn(p, a): return p, 'text/plain'\n",
            b"abc",
        ),
        (MODEL_FN + "def transform_fn(m, b, t, a): return m.upper(), 'text/plain'\n", b"MINE"),
    ],
    ids=["per-item", "with-context", "batch-form", "transform_fn"],
)
def test_a_users_functions_answer(serve, model_folder, code, answer):
    with serve(model_folder({"code/inference.py": code}, None)) as served:
        given = served.invoke(b"abc", "x/y", X_Who="me")
        assert (given.status, given.headers["content-type"], given.body) == (200, "text/plain", answer)


def test_requirements_are_installed_and_another_program_name_is_used(serve, model_folder):
    code = MODEL_FN + "import greeting\ndef transform_fn(m, b, t, a): return greeting.WORD, 'text/plain'\n"
    files = {
        "code/mine.py": code,
        "code/requirements.txt": "/opt/ml/model/code/greeting-1.0-py3-none-any.whl\n",
        "code/greeting-1.0-py3-none-any.whl": wheel(),
    }
    with serve(model_folder(files, None), {"SAGEMAKER_PROGRAM": "mine.py"}) as served:
        assert served.invoke(b"x", "x/y").body == b"hello"


def test_the_default_accept_is_the_environments(serve, picture):
    with serve(environment={"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}) as served:
        assert served.invoke(picture).headers["content-type"] == "text/csv"
