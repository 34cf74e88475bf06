"""make with hostile values: they reach the programs letter by letter, and nothing in them is run, by make or by a
shell.

The Makefile runs in a folder whose programs are small ones that write down what they were given.
"""

import fcntl
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts import new_project

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
        *(f"scripts/{name}.py" for name in (*VERBS, "doctor", "download_data", "new_project", "try_endpoint")),
        *(
            f"tests/bench/{name}.py"
            for name in ("local", "training", "soak", "debugger", "serving", "recipe", "tuning")
        ),
        *(f"local_test/{name}.py" for name in ("demo/__main__", "doctor", "clean", "demo/sample_data")),
        *(f"tests/{name}.py" for name in ("in_image", "container_coverage", "notebooks/execution")),
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
        "local_test/doctor.sh": (ROOT / "local_test/doctor.sh").read_text(),
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
        "tests/tracking/requirements.txt",
        "tests/try_page/package-lock.json",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in (".venv", ".venv-sdk", ".venv-sdk3", ".venv-tracking"):
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


@pytest.mark.parametrize(("machine", "account", "status"), [(0, 0, 0), (1, 0, 2), (0, 1, 2)])
def test_doctor_fails_where_either_half_says_so_and_shows_both(folder, machine, account, status):
    for name, text, ends in (("local_test", "this machine", machine), ("scripts", "the account", account)):
        (folder / name / "doctor.py").write_text(f"import sys; print({text!r}); sys.exit({ends})")
    done, _ = make(folder, "doctor", {})
    assert done.returncode == status and done.stdout == "this machine\n\nthe account\n", done


def test_doctor_in_json_is_one_document_of_both_halves(folder):
    for name in ("local_test", "scripts"):
        (folder / name / "doctor.py").write_text("import json, sys; print(json.dumps({'findings': sys.argv[1:]}))")
    done, _ = make(folder, "doctor", {"ARGS": "--json"})
    assert json.loads(done.stdout) == {"machine": {"findings": ["--json"]}, "account": {"findings": ["--json"]}}, done


def test_doctor_looks_at_the_machine_also_where_the_packages_cannot_be_had(folder):
    (folder / ".venv/ready").unlink()
    (folder / "local_test/venv.sh").write_text("#!/bin/sh\necho no network >&2; exit 1\n")
    (folder / "local_test/doctor.py").write_text("print('this machine')")
    done, calls = make(folder, "doctor", {})
    assert done.returncode == 2 and done.stdout.startswith("this machine\n") and "no network" in done.stderr, done
    assert "PIP_INDEX_URL" in done.stdout and calls == []


def help_lines():
    done = subprocess.run(["make", "--no-print-directory", "-C", ROOT], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_help_shows_every_target_in_a_group_with_what_it_does():
    lines = help_lines()
    shown = [re.match(r"  make ([a-z-]+)( \S.*?)? {2,}\S", line) for line in lines if line.startswith("  ")]
    assert all(shown), lines
    by_hand = {target for target in TARGETS if not (target.startswith("local-") and target[6:] in VERBS)}
    assert by_hand | {"clean", "bench", "test"} <= {one[1] for one in shown}
    assert next(line for line in lines if line and not line.startswith(" ")) == "Begin here"


def test_every_example_of_help_names_targets_and_variables_that_there_are():
    known = {*TARGETS, "clean", "bench", "test"}
    for line in help_lines():
        if not line.startswith("  make "):
            continue
        words = shlex.split(re.split(r" {2,}", line.strip())[0])[1:]
        for word in words:
            name, equals, _ = word.partition("=")
            assert name in (("PIP_EXTRA_INDEX_URL", *GIVEN) if equals else known), line


@pytest.fixture
def project(folder):
    """A project beside the folder, as `make new` writes it."""
    made = folder / "projects/cats"
    made.mkdir(parents=True)
    (folder / "projects" / new_project.CHECKOUT.name).symlink_to(folder)
    for name, text in new_project.project_files("cats", None, new_project.FILE.read_text(), TEXT).items():
        (made / name).write_text(text)
    return made


@pytest.mark.parametrize("value", HOSTILE)
def test_a_project_hands_its_values_on_letter_by_letter(folder, project, value):
    done, calls = make(project, "predict", {"PICTURE": value, "DATA": value})
    assert [arguments for arguments, _ in calls] == [[value]], done
    [(_, environment)] = calls
    assert environment["SAGEMAKER_PROJECT_FOLDER"] == str(project) and environment["IMAGE_PREFIX"] == "cats"
    assert environment["DATA"] == value and not list(folder.rglob(MARK))


def test_a_projects_pictures_are_its_own_and_its_verbs_run_here_too(project):
    _, calls = make(project, "upload", {})
    assert [arguments for arguments, _ in calls] == [["data"]]
    _, calls = make(project, "local-train", {"HYPERPARAMETERS": "epochs=2"})
    assert [(arguments, environment["LOCAL"]) for arguments, environment in calls] == [(["epochs=2"], "yes")]
    done, _ = make(project, "help", {})
    assert done.stdout == (project / "README.md").read_text()


def test_a_projects_own_folders_are_not_taken_for_programs_or_for_targets(project):
    (project / "scripts").mkdir()
    (project / "scripts/train.py").write_text("raise SystemExit('the wrong one')")
    (project / "train").mkdir()
    done, calls = make(project, "train", {})
    assert done.returncode == 0 and len(calls) == 1, done


def test_what_would_end_other_projects_work_is_not_a_target_of_one(project):
    for target in ("clean", "local-clean", "demo", "nonsense"):
        done, calls = make(project, target, {})
        assert done.returncode == 2 and calls == [], done
