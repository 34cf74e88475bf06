"""make with hostile values: they reach the programs letter by letter, and nothing in them is run, by make or by a
shell.
"""

import re

import pytest

from tests.project.make.recorded_make import GIVEN, HOSTILE, MARK, ROOT, TARGETS, TEXT, make


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


def test_no_recipe_names_such_a_variable_itself():
    """Beyond the programs that this file knows: what make puts into a recipe's text, a shell reads."""
    recipes = re.findall(r"^\t.*$", TEXT, re.MULTILINE)
    assert len(recipes) > 30
    for recipe in recipes:
        assert not re.search(rf"(?<!\$)\$[({{]({'|'.join(GIVEN)})\b", recipe), recipe
