"""Where a user's program is looked for, and what is said when it is not there."""

import pytest

from container.serving.inference.model_folder import WrongCode, check_program, error_in_code, import_path


@pytest.fixture
def archive(tmp_path):
    def archive(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("")
        return tmp_path

    return archive


@pytest.mark.parametrize(
    ("names", "environment"),
    [
        (["model.safetensors"], {}),
        (["model.safetensors", "code/requirements.txt"], {"SAGEMAKER_PROGRAM": ""}),
        (["code/inference.py"], {}),
        (
            ["code/inference.py"],
            {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"},
        ),
        (["code/mine.py", "inference.py"], {"SAGEMAKER_PROGRAM": "mine.py"}),
        (["code/mine/__init__.py"], {"SAGEMAKER_PROGRAM": "mine"}),
        (["code/sub/mine.py"], {"SAGEMAKER_PROGRAM": "sub.mine"}),
        (["code/lib/handler.py"], {"SAGEMAKER_PROGRAM": "handler.py"}),
        (["code/lib/package/inference.py", "model.safetensors"], {}),
        (
            ["model.safetensors"],
            {"SAGEMAKER_PROGRAM": "json.py"},
        ),  # on the image's own path, as in one that is made from it
    ],
)
def test_a_program_is_found_where_python_would_find_it_or_there_is_none(archive, names, environment):
    assert check_program(archive(*names), environment) is None


@pytest.mark.parametrize(
    "place",
    ["inference.py", "src/inference.py", "model/code/inference.py", "code/src/inference.py", "code/Inference.py"],
)
def test_an_inference_py_in_another_folder_is_refused_and_the_files_are_named(archive, place):
    with pytest.raises(WrongCode) as refused:
        check_program(archive(place, "model.pth"), {})
    assert (
        str(refused.value)
        == f"code/inference.py was not found; the archive has: {place}, model.pth. Put inference.py into the "
        "archive's folder code."
    )


@pytest.mark.parametrize("program", ["infrence.py", "code/inference.py", "inference.txt"])
def test_a_mistyped_program_is_refused_and_the_files_are_named(archive, program):
    with pytest.raises(WrongCode) as refused:
        check_program(archive("code/inference.py", "a.bin"), {"SAGEMAKER_PROGRAM": program})
    assert str(refused.value).startswith(
        f"code/{program.removesuffix('.py')}.py, which SAGEMAKER_PROGRAM names, was not found; the archive has: "
        "code/inference.py, a.bin. "
    )


def test_many_files_are_counted_and_an_empty_archive_is_called_so(archive, tmp_path):
    with pytest.raises(WrongCode, match=r"the archive has: nothing\."):
        check_program(archive(), {"SAGEMAKER_PROGRAM": "mine.py"})
    with pytest.raises(WrongCode, match=r"the archive has: inference.py, part-000, .*, part-018 and 21 more\."):
        check_program(archive("inference.py", *(f"part-{number:03}" for number in range(40))), {})


def test_python_files_that_nothing_imports_are_a_warning(archive):
    warning = check_program(archive("code/handler.py", "model.safetensors"), {})
    assert warning.startswith(
        "code/inference.py was not found; the archive has: code/handler.py, model.safetensors. This image's own "
        "functions answer"
    )


def test_code_and_then_its_lib_come_first(tmp_path):
    assert import_path(tmp_path) == [f"{tmp_path}/code", f"{tmp_path}/code/lib"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def model_fn(d):\n    return {}['fc']\n", "KeyError: 'fc' (code/inference.py, line 2, in model_fn)"),
        ("def model_fn(d):\n    int('x')\n", "(code/inference.py, line 2, in model_fn)"),
        ("def model_fn(d):\n    raise SystemExit\n", "SystemExit (code/inference.py, line 2, in model_fn)"),
        ("def model_fn(d):\n    raise OSError('a\\n  b')\n", "OSError: a b (code/inference.py, line 2, in model_fn)"),
        ("import nowhere_at_all\n", "No module named 'nowhere_at_all' (code/inference.py, line 1, in <module>)"),
    ],
)
def test_an_error_of_the_users_code_is_one_line_with_its_type_and_place(tmp_path, code, said):
    path = tmp_path / "code/inference.py"
    path.parent.mkdir()
    path.write_text(code)
    names = {"__name__": "inference"}
    with pytest.raises(BaseException) as raised:
        exec(compile(code, str(path), "exec"), names)
        names["model_fn"]("")
    assert error_in_code(raised.value, tmp_path).endswith(said) and "\n" not in error_in_code(raised.value, tmp_path)


def test_an_error_of_a_library_is_said_without_a_place_and_is_not_endless(tmp_path):
    said = error_in_code(RuntimeError("x" * 5000), tmp_path)
    assert said.startswith("RuntimeError: xxx") and len(said) < 1000
