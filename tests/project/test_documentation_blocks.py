"""Every block of code in the README and docs/ works, as far as it can without containers and AWS; what cannot is in
NOT_RUN with the reason. tests/service runs what needs the local SageMaker.
"""

import ast
import importlib
import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from local_test import __main__ as local_sagemaker
from local_test.api.request_validation import validate
from local_test.training import supported_fields
from scripts.config.hyperparameters import check_hyperparameters, check_ranges, parse_hyperparameters
from scripts.config.ranges import range_of_text
from scripts.config.settings import FILE, load_settings
from scripts.console.make import arguments
from tests.project.documentation import PAGES, ROOT, all_blocks, blocks, commands, inline_commands

LANGUAGES = {"sh", "fish", "powershell", "ipython", "python", "toml", "json", "dockerfile", "text"}
# Commands of others, which these tests do not have, do not install or would send to AWS.
NOT_RUN = {
    "aws ecr create-repository --repository-name mine": "the AWS CLI is run in tests/service/sdk",
    "aws ecr get-login-password": "the AWS CLI is run in tests/service/sdk",
    "aws s3 ls": "the AWS CLI is run in tests/service/sdk",
    "curl --data-binary @dog.jpg -H 'Content-Type: image/jpeg' localhost:8080/invocations": "wants a serve container",
    "docker login --username AWS --password-stdin 127.0.0.1:PORT": "an engine: tests/service/registry logs in",
    'docker run --rm -p 8080:8080 -v "$PWD/model:/opt/ml/model:ro" dogbreed-serve:TAG serve': "tests/serving runs one",
    "docker build -t mine .": "an engine: tests/service/process builds an image of its own",
    "MLFLOW_ALLOW_FILE_STORE=true mlflow server --backend-store-uri out/compare/mlruns": "tests/tracking reads one",
    "pipx install .": "an installation: tests/service/process installs the tool, by pip",
    "python job.py": "the user's own program: tests/service/process runs one",
    "tensorboard --logdir out/compare/tensorboard": "the server of others: tests/tracking reads such a folder",
}
# Packages that are not where these tests run.
ELSEWHERE = {
    "ray": "in AWS's Ray Serve images: what a user comes from",
    "sagemaker": "two versions, in virtual environments of their own: tests/service/sdk resolves these imports",
    "torch": "in the images: tests/serving runs the functions of docs/migration.md",
}
DOCKERFILE = {"FROM", "ENV", "COPY", "RUN", "ENTRYPOINT", "CMD", "LABEL", "USER", "WORKDIR", "ARG"}
SHELL_COMMANDS = [(str(block), one) for block in all_blocks("sh") for one in commands(block)]
INLINE = [(page.name, one) for page in PAGES for one in sorted(inline_commands(page))]


class Understood(BaseException):
    """Raised in the place of a program's work, once its arguments were taken."""


def planned(words: list[str]) -> list[list[str]]:
    """What the recipes of `make WORDS` would run, as modules with their arguments."""
    values = dict(one.split("=", 1) for one in words if re.match(r"[A-Z_]+=", one))
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"make {shlex.join(words)}: {done.stderr}"
    found = []
    for module, rest in re.findall(r"-m ([a-z_]+(?:\.[a-z_]+)+)([^\n&|;]*)", done.stdout):
        if module == "scripts.console.make":
            module, *options = shlex.split(rest)
            found.append([module, *arguments(options, values)])
        else:
            found.append([module])
    return found


def check_program(words: list[str], folder: Path, monkeypatch) -> None:
    """words: a module and its arguments. Its parser takes them; nothing more of it runs. folder: its working folder."""
    module, *given = words
    assert importlib.util.find_spec(module), module
    if not re.fullmatch(r"scripts\.[a-z]+", module):
        return
    program = importlib.import_module(module)

    def understood():
        raise Understood

    for picture in (one for one in given if one.endswith(".jpg")):
        (folder / picture).touch()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(program, "load_settings", understood)
    with pytest.raises(Understood):
        program.main(given)
    if module in ("scripts.train", "scripts.tune"):
        check_values(given)


def check_values(words: list[str]) -> None:
    """Hyperparameters and ranges are those of the training program."""
    ranges = [after for before, after in pairwise(words) if before == "--range"]
    own = parse_hyperparameters([one for one in words if re.match(r"[a-z][a-z-]*=", one) and one not in ranges])
    check_hyperparameters(own)
    check_ranges({name: range_of_text(text) for name, _, text in (one.partition("=") for one in ranges)}, own)


def check_make(words: list[str], folder: Path, monkeypatch) -> None:
    for one in planned(words):
        check_program(one, folder, monkeypatch)


def check_local_sagemaker(words: list[str], folder: Path, monkeypatch) -> None:
    def understood(chosen):
        raise Understood

    monkeypatch.setattr(local_sagemaker, "_run", understood)
    with pytest.raises(Understood):
        local_sagemaker.main(words)


def check_module(words: list[str], folder: Path, monkeypatch) -> None:
    """`.venv/bin/python -m MODULE FILE...`"""
    assert words[0] == "-m" and importlib.util.find_spec(words[1]), words
    if words[1] == "local_test":
        check_local_sagemaker(words[2:], folder, monkeypatch)
    assert all((ROOT / one).exists() for one in words[2:] if one.startswith("tests/")), words


CHECKS = {"make": check_make, "local-sagemaker": check_local_sagemaker, ".venv/bin/python": check_module}


def test_every_block_names_its_language():
    assert [str(one) for one in all_blocks() if one.language not in LANGUAGES] == []
    for page in PAGES:
        assert page.read_text().count("\n```") == 2 * len(blocks(page)), page.name


@pytest.mark.parametrize("block", all_blocks("sh"), ids=str)
def test_a_block_for_a_shell_is_sound(block):
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("place", "command"), SHELL_COMMANDS)
def test_a_command_of_a_block_is_understood_by_its_program(place, command, tmp_path, monkeypatch):
    program, *words = shlex.split(command)
    if program in CHECKS:
        CHECKS[program](words, tmp_path, monkeypatch)
    else:
        assert command in NOT_RUN, f"{place}: neither checked here nor in NOT_RUN with the reason: {command}"


@pytest.mark.parametrize("block", all_blocks("fish", "powershell"), ids=str)
def test_what_another_shell_is_given_is_what_the_tool_advises(block):
    assert block.text.strip() in (local_sagemaker.__doc__ or "").replace("{command}", "local-sagemaker")


@pytest.mark.parametrize("block", all_blocks("ipython"), ids=str)
def test_a_cell_of_a_notebook_is_what_the_tool_advises_and_compiles(block):
    advised = (local_sagemaker.__doc__ or "").replace("{command}", "local-sagemaker")
    assert all(line in advised for line in block.text.splitlines())
    compile(TransformerManager().transform_cell(block.text), str(block), "exec")


def test_no_reason_is_left_for_a_command_that_is_gone():
    assert set(NOT_RUN) <= {command for _, command in SHELL_COMMANDS}


@pytest.mark.parametrize(("place", "command"), INLINE)
def test_a_command_within_the_prose_is_understood_by_its_program(place, command, tmp_path, monkeypatch):
    program, *words = shlex.split(command)
    # Prose names some without what they must be given.
    needed = [f"{name}=path" for name in ("DATA", "PICTURE") if not any(one.startswith(name) for one in words)]
    CHECKS[program](words + needed if program == "make" else words, tmp_path, monkeypatch)


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_a_block_of_python_compiles_and_its_imports_are_there(block):
    tree = ast.parse(block.text)
    names = [one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names]
    names += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    for name in names:
        assert name.partition(".")[0] in ELSEWHERE or importlib.util.find_spec(name), f"{block}: {name}"


def test_the_request_of_the_page_about_training_is_one_that_is_run(monkeypatch):
    [program] = [one for one in blocks(ROOT / "docs/training.md", "python") if "create_training_job" in one.text]
    asked = []
    client = SimpleNamespace(create_training_job=lambda **request: asked.append(request))
    monkeypatch.setattr(boto3, "client", lambda service: client)
    for name, value in {"BUCKET": "some-bucket", "ROLE": "arn:aws:iam::123456789012:role/some-role"}.items():
        monkeypatch.setenv(f"SAGEMAKER_{name}", value)
    monkeypatch.setenv("TRAIN_IMAGE", "dogbreed-train:abc")
    exec(compile(program.text, str(program), "exec"), {})
    [request] = asked
    validate("CreateTrainingJob", request)
    supported_fields.check(request, strict=True)


def test_the_training_script_of_the_page_about_migration_trains(tmp_path):
    [script] = [one for one in blocks(ROOT / "docs/migration.md", "python") if one.text.startswith("# train.py")]
    (tmp_path / "row.json").write_text("{}")
    folders = {"SM_CHANNEL_TRAINING": str(tmp_path), "SM_MODEL_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script.text, "--gamma", "0.5"], env=os.environ | folders, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "Precision=0.5\n"), done.stderr
    assert json.loads((tmp_path / "model.json").read_text()) == {"gamma": 0.5}


@pytest.mark.parametrize("block", all_blocks("json"), ids=str)
def test_a_block_of_json_is_json(block):
    json.loads(block.text)


@pytest.mark.parametrize("block", all_blocks("toml"), ids=str)
def test_settings_of_a_block_are_taken_in_sagemaker_toml(block, tmp_path):
    file = tmp_path / "sagemaker.toml"
    file.write_text(_toml(_merged(tomllib.loads(FILE.read_text()), tomllib.loads(block.text))))
    load_settings(file, {})


@pytest.mark.parametrize("block", all_blocks("dockerfile"), ids=str)
def test_a_block_of_a_dockerfile_begins_with_our_image_and_has_known_instructions(block):
    instructions = [line.split()[0] for line in re.sub(r"\\\n", "", block.text).splitlines() if line.strip()]
    assert instructions[0] == "FROM" and set(instructions) <= DOCKERFILE
    for source in re.findall(r"^COPY (\S+)", block.text, re.MULTILINE):
        assert not Path(source).is_absolute()


def _merged(whole: dict, part: dict) -> dict:
    """part before whole. A table of whole keeps what part does not name."""
    both = {name: _merged(whole[name], one) for name, one in part.items() if isinstance(whole.get(name), dict)}
    return {**whole, **part, **both}


def _toml(values: dict, name: str = "") -> str:
    """Text, numbers, truth values, lists and tables."""
    plain = [f"{key} = {json.dumps(one)}" for key, one in values.items() if not isinstance(one, dict)]
    tables = [_toml(one, f"{name}.{key}".lstrip(".")) for key, one in values.items() if isinstance(one, dict)]
    return "\n".join([f"[{name}]" if name else "", *plain, *tables])
