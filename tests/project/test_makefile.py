"""make with hostile values: they reach the programs letter by letter, and nothing in them is run, by make or by a
shell.

The Makefile runs in a folder whose programs are small ones that write down what they were given.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Makefile").read_text()
GIVEN = re.search(r"^given := (.*)$", TEXT, re.MULTILINE)[1].split()
VERBS = re.search(r"^verbs := (.*)$", TEXT, re.MULTILINE)[1].split()
TARGETS = sorted(
    {*re.findall(r"^([a-z-]+):", TEXT, re.MULTILINE), *VERBS, *(f"local-{verb}" for verb in VERBS)}
    - {"clean", "bench", "test"}
)
MARK = "MARK"
HOSTILE = [
    f"x`touch {MARK}`.jpg",
    f"$(touch {MARK})",
    f"$$(touch {MARK})",
    f"$(shell touch {MARK})",
    f"${{shell touch {MARK}}}",
    "$(error read by make)",
    f"; touch {MARK};",
    f"a | touch {MARK}",
    f"a && touch {MARK}",
    f"a & touch {MARK}",
    f"' ; touch {MARK} ; '",
    f'" ; touch {MARK} ; "',
    f"a\ntouch {MARK}\n",
    f'"$(touch {MARK})"',
    f"\\`touch {MARK}\\`",
    f"$(eval x:=$(shell touch {MARK}))",
    f"a > {MARK}",
    "a # b",
    "*",
    "$HOME",
    "it's",
    'a "b" c',
    "a  b",
]
RECORD = """import json, os, sys
with open("calls", "a") as file:
    file.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with the Makefile, in which every program that a recipe runs writes a line into `calls`."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    names = [
        *(f"scripts/{name}.py" for name in (*VERBS, "download_data", "try_endpoint")),
        *(
            f"tests/bench/{name}.py"
            for name in ("local", "training", "soak", "debugger", "serving", "recipe", "tuning")
        ),
        *(f"local_test/{name}.py" for name in ("demo/__main__", "clean", "demo/sample_data")),
        *(f"tests/{name}.py" for name in ("in_image", "container_coverage")),
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(RECORD)
    (tmp_path / "scripts/console").mkdir()
    shutil.copy(ROOT / "scripts/console/from_make.py", tmp_path / "scripts/console")
    (tmp_path / "local_test/__main__.py").write_text("print('export LOCAL=yes')")
    (tmp_path / "pytest.py").write_text("")
    python = f'#!/bin/sh\nexec {ROOT}/.venv/bin/python "$@"\n'
    record = "#!/bin/sh\n.venv/bin/python -c '" + RECORD.replace("sys.argv[1:]", '["a script"]') + "'\n"
    programs = {
        ".venv/bin/python": python,
        "docker/tag.sh": "#!/bin/sh\necho abc\n",
        **dict.fromkeys(("docker/engine.sh", "local_test/browser.sh", "local_test/venv.sh"), "#!/bin/sh\n"),
        **dict.fromkeys(
            ("docker/build.sh", "docker/debian_base.sh", "docker/lock.sh", "tests/try_page/fetch_axe.sh"), record
        ),
    }
    for name, text in programs.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    for name in (
        "scripts/requirements.txt",
        "local_test/requirements.txt",
        "tests/requirements.txt",
        "tests/service/sdk/requirements.txt",
        "tests/service/sdk/v3/requirements.txt",
        "tests/try_page/package-lock.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in (".venv", ".venv-sdk", ".venv-sdk3"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "ready").touch()
    return tmp_path


def make(
    folder: Path, target: str, values: dict[str, str], by_environment: bool = False
) -> tuple[subprocess.CompletedProcess, list]:
    """What make answered, and the arguments and the environment of every program that it ran."""
    (folder / "calls").unlink(missing_ok=True)
    clean = {
        name: value for name, value in os.environ.items() if name not in (*GIVEN, "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    words = [] if by_environment else [f"{name}={value}" for name, value in values.items()]
    environment = {**clean, **(values if by_environment else {})}
    done = subprocess.run(
        ["make", "--no-print-directory", target, *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    calls = (
        [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
        if (folder / "calls").exists()
        else []
    )
    return done, calls


@pytest.mark.parametrize("target", TARGETS)
def test_no_recipe_runs_anything_that_is_written_in_a_value(folder, target):
    hostile = " ".join(value for value in HOSTILE if "error" not in value and "'" not in value)
    for by_environment in (False, True):
        done, calls = make(folder, target, dict.fromkeys(GIVEN, hostile), by_environment)
        assert not list(folder.rglob(MARK)), done
        for _, environment in calls:
            assert {name: environment[name] for name in GIVEN} == dict.fromkeys(GIVEN, hostile)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("by_environment", [False, True])
def test_a_picture_of_any_name_is_one_argument_and_no_more(folder, value, by_environment):
    for target in ("predict", "local-transform"):
        done, calls = make(folder, target, {"PICTURE": value}, by_environment)
        assert [arguments for arguments, _ in calls] == [[value]], done
        assert not list(folder.rglob(MARK)) and done.returncode == 0


@pytest.mark.parametrize("value", HOSTILE)
def test_data_of_any_name_is_one_argument_of_a_bench(folder, value):
    done, calls = make(folder, "bench-training", {"DATA": value, "IMAGE_PREFIX": value})
    assert [arguments for arguments, _ in calls][-1] == ["--train-image", f"{value}-train:abc", "--data", value], done
    assert not list(folder.rglob(MARK))


@pytest.mark.parametrize(
    "target, values, arguments",
    [
        ("upload", {"DATA": "path/to/pictures"}, ["path/to/pictures"]),
        ("train", {"HYPERPARAMETERS": "epochs=20 lr=0.001 batch-size=32"}, ["epochs=20", "lr=0.001", "batch-size=32"]),
        ("train", {"HYPERPARAMETERS": "'rules=Overfit(patience=2):stop'"}, ["rules=Overfit(patience=2):stop"]),
        ("train", {"ARGS": "--from-tuning"}, ["--from-tuning"]),
        (
            "local-tune",
            {"HYPERPARAMETERS": "freeze-backbone=true epochs=5", "ARGS": "--range lr=0.0001..0.01:log"},
            ["freeze-backbone=true", "epochs=5", "--range", "lr=0.0001..0.01:log"],
        ),
        ("report", {"JOB": "dogbreed-train-x"}, ["dogbreed-train-x"]),
        ("report", {}, []),
        ("delete", {"ARGS": "--data --yes"}, ["--data", "--yes"]),
        ("sample-data", {"SAMPLE": "--breeds 133 --train 50"}, ["out/data/sample", "--breeds", "133", "--train", "50"]),
        ("demo", {"DATA": "my pictures"}, ["--data", "my pictures"]),
        ("demo", {}, []),
        ("soak", {}, ["--serve-image", "dogbreed-serve:abc"]),
    ],
)
def test_what_the_readme_shows_arrives_as_it_is_meant(folder, target, values, arguments):
    done, calls = make(folder, target, values)
    assert done.returncode == 0, done
    assert [one for one, _ in calls][-1] == arguments


def test_a_local_verb_has_the_local_services_environment(folder):
    _, calls = make(folder, "local-predict", {"PICTURE": "a.jpg"})
    assert [environment["LOCAL"] for _, environment in calls] == ["yes"]


@pytest.mark.parametrize("target, name", [("upload", "DATA"), ("predict", "PICTURE"), ("local-transform", "PICTURE")])
def test_what_a_verb_cannot_do_without_is_asked_for(folder, target, name):
    done, calls = make(folder, target, {})
    assert done.returncode == 2 and f"{name}=" in done.stderr and calls == []


def test_the_values_reach_a_make_that_make_starts(folder):
    done, calls = make(folder, "bench", {"DATA": f"$(shell touch {MARK})", "IMAGE_PREFIX": "cats"})
    assert done.returncode == 0 and len(calls) > 6 and not list(folder.rglob(MARK))
    done, calls = make(folder, "test", {"IMAGE_PREFIX": f"`touch {MARK}`"})
    assert done.returncode == 0 and not list(folder.rglob(MARK))
    assert f"`touch {MARK}`-serve:abc" in [one for arguments, _ in calls for one in arguments]


def test_every_test_of_the_code_in_the_images_is_run_in_one(folder):
    _, calls = make(folder, "test-container", {})
    given = [ROOT / one for arguments, _ in calls for one in arguments if one.startswith("tests/container/")]
    tests = list((ROOT / "tests/container").rglob("test_*.py"))
    assert len(tests) > 50 and all(any(path.is_relative_to(one) for one in given) for path in tests)


@pytest.fixture
def running(folder):
    """A process holds the lock of out/local, as a service does: this one."""
    (folder / "out/local").mkdir(parents=True)
    with (folder / "out/local/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_clean_ends_a_running_service_before_it_removes_anything(folder, running):
    look = "import os; print('ended', os.path.exists('out/local/lock'), os.path.exists('.venv/bin/python'))"
    (folder / "local_test/__main__.py").write_text(f"{RECORD}\n{look}")
    done, calls = make(folder, "clean", {})
    assert [arguments for arguments, _ in calls] == [["down"]] and "ended True True" in done.stdout, done
    assert done.returncode == 0 and not (folder / "out").exists() and not (folder / ".venv").exists()


def test_clean_removes_nothing_when_a_running_service_does_not_end(folder, running):
    (folder / "local_test/__main__.py").write_text("import sys; sys.exit('error: Process 7 has not ended after 60 s')")
    done, _ = make(folder, "clean", {})
    assert done.returncode == 2 and "has not ended" in done.stderr and "make local-down" in done.stderr
    assert (folder / "out/local/lock").exists() and (folder / ".venv/bin/python").exists()


@pytest.mark.parametrize("ran_once", [False, True])
def test_clean_asks_nothing_of_a_service_that_does_not_run(folder, ran_once):
    (folder / "out/local").mkdir(parents=True)
    if ran_once:
        (folder / "out/local/lock").touch()
    (folder / "local_test/__main__.py").write_text(RECORD)
    done, calls = make(folder, "clean", {})
    assert done.returncode == 0 and calls == [] and not (folder / "out").exists() and not (folder / ".venv").exists()


def test_no_recipe_names_such_a_variable_itself():
    """Beyond the programs that this file knows: what make puts into a recipe's text, a shell reads."""
    recipes = re.findall(r"^\t.*$", TEXT, re.MULTILINE)
    assert len(recipes) > 30
    for recipe in recipes:
        assert not re.search(rf"(?<!\$)\$[({{]({'|'.join(GIVEN)})\b", recipe), recipe
