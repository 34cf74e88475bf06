"""What the README and docs/ import from the SageMaker SDK is in the version that the block names in its first line."""

import ast
import re
import subprocess

import pytest

from tests.project.documentation import all_blocks
from tests.service.sdk.in_shell import ROOT

ENVIRONMENTS = {"2": ROOT / ".venv-sdk", "3": ROOT / ".venv-sdk3"}


def of_the_sdk(text: str) -> list[str]:
    """The import statements of a block that name the package sagemaker."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    return [one for one in map(ast.unparse, nodes) if re.match(r"(from|import) sagemaker\b", one)]


BLOCKS = [block for block in all_blocks("python") if of_the_sdk(block.text)]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_what_a_block_imports_from_the_sdk_is_there(block):
    named = re.match(r"# SageMaker SDK (\d)\b", block.text)
    assert named, f"{block}: its first line does not say for which SageMaker SDK it is"
    script = "\n".join(of_the_sdk(block.text))
    python = ENVIRONMENTS[named[1]] / "bin/python"
    done = subprocess.run([python, "-W", "ignore", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
