"""What is installed in the images: versions, users' rights, no compiler."""

import json

import pytest

from tests.images.contents.conftest import IMAGES

BOTH = {"torch": "2.10.0", "torchvision": "0.25.0", "numpy": "1.26.4"}

VERSIONS = {
    "train_image": {**BOTH, "sagemaker-training": "4.9.0", "smdebug": "1.0.34", "boto3": None},
    "serve_image": {**BOTH, "sagemaker-inference": "1.10.1", "multi-model-server": "1.1.11", "boto3": None},
}


@pytest.mark.parametrize("kind", IMAGES)
def test_the_required_packages_are_there_in_the_versions_that_fit_together(output, request, kind):
    program = (
        "import importlib.metadata as m, json; print(json.dumps({d.name.lower().replace(chr(95), chr(45)): "
        "d.version for d in m.distributions()}))"
    )
    installed = json.loads(output(request.getfixturevalue(kind), "python", "-c", program))
    for package, version in VERSIONS[kind].items():
        assert package in installed and version in (None, installed[package].split("+")[0]), (
            package,
            installed.get(package),
        )


def test_pip_check_is_clean(output, name):
    assert output(name, "pip", "check").strip() == "No broken requirements found."


def test_python_is_3_11(output, name):
    assert output(name, "python", "--version").startswith("Python 3.11.")


def test_no_program_takes_another_users_rights(output, name):
    """A process that got into the container could become root with the next fault in one of them; nothing here needs
    su, mount or passwd.
    """
    assert output(name, "find", "/", "-xdev", "-type", "f", "-perm", "/6000", "-printf", r"%m %p\n").strip() == ""
    assert output(name, "find", "/usr/bin/passwd", "/usr/bin/mount", "-perm", "0755").split() == [
        "/usr/bin/passwd",
        "/usr/bin/mount",
    ]


def test_there_is_no_compiler(output, name):
    script = (
        "for tool in gcc cc g++ c++ clang make ld as; do command -v $tool; done; ls -d /usr/include/python3* "
        "2>/dev/null; true"
    )
    assert output(name, "sh", "-c", script).strip() == ""
