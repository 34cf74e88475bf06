"""Third-party packages that each package may import. The arrows between our own are contracts in pyproject.toml."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = {
    "container": {
        "torch",
        "timm",
        "torchvision",
        "numpy",
        "PIL",
        "simplejpeg",
        "pillow_heif",
        "safetensors",
        "psutil",
        "pynvml",
        "prometheus_client",
        "smdebug",
        "sagemaker_training",
        "sagemaker_inference",
        "mms",
    },
    "contract": set(),
    "docker": {"local_test"},  # the steps of a build get the proxies that its containers get
    "scripts": {
        "boto3",
        "botocore",
        "matplotlib",
        "pydantic",
        "pydantic_settings",
        "rich",
    },  # botocore is where boto3 keeps its errors; matplotlib draws a tuning job, rich on a terminal
    "local_test": {
        "botocore",
        "certifi",
        "cryptography",
        "docker",
        "flask",
        "moto",
        "numpy",
        "optuna",
        "PIL",
        "requests",
        "urllib3",
        "waitress",
        "werkzeug",
    },
}


def imported_packages(source: str) -> set[str]:
    """Top-level names of everything that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide which package a file reaches into"
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_is_listed_for_it(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for file in files:
        ours = {package, "contract"} | ALLOWED[package]
        foreign = imported_packages(file.read_text()) - ours - set(sys.stdlib_module_names)
        assert not foreign, f"{file.relative_to(ROOT)} imports {foreign}"


def test_one_file_alone_imports_the_debugger_that_nobody_maintains():
    importers = [
        str(file.relative_to(ROOT))
        for file in (ROOT / "container").rglob("*.py")
        if "smdebug" in imported_packages(file.read_text())
    ]
    assert importers == ["container/debugging/smdebug_library.py"]


def test_the_check_sees_imports_inside_functions():
    assert imported_packages("def f():\n    from scripts.train import main\n    import boto3.session") == {
        "scripts",
        "boto3",
    }


@pytest.mark.parametrize("package", ["container", "scripts"])
def test_no_package_asks_whether_it_runs_locally(package):
    for file in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.If):
                names = {part.id.lower() for part in ast.walk(node.test) if isinstance(part, ast.Name)}
                assert not any("local" in name for name in names), f"{file.relative_to(ROOT)}:{node.lineno}"
