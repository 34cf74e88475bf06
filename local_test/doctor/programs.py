"""The programs around: Python with its packages, and the AWS command line."""

import importlib.util
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from contract.findings import Finding, ok, problem, warning
from local_test.aws_cli import VERSION, sentence
from local_test.doctor.command_output import SECONDS, command_output

# What local_test imports; the tests hold this against it.
PACKAGES = (
    "botocore",
    "certifi",
    "cryptography",
    "docker",
    "flask",
    "moto",
    "numpy",
    "optuna",
    "requests",
    "urllib3",
    "waitress",
    "werkzeug",
)


@dataclass(frozen=True)
class PythonFacts:
    """python: its version and path. missing: packages."""

    python: str
    missing: Sequence[str]


@dataclass(frozen=True)
class CommandLineFacts:
    """aws: path of the AWS command line, '' without one. said: what it answers to --version."""

    aws: str
    said: str = ""


def look_at_python() -> PythonFacts:
    missing = [name for name in PACKAGES if not _is_installed(name)]
    return PythonFacts(f"{platform.python_version()} ({sys.executable})", missing)


def _is_installed(package: str) -> bool:
    """A folder of that name in the working folder, such as docker/ in a checkout, is not the package."""
    found = importlib.util.find_spec(package)
    return found is not None and found.origin is not None


def python_findings(facts: PythonFacts, is_checkout: bool) -> list[Finding]:
    if not facts.missing:
        return [ok("Python", f"{facts.python}, with its packages.")]
    says = f"{facts.python} lacks {', '.join(facts.missing)}."
    if is_checkout:
        step = "make .venv/ready, with a network, or with PIP_INDEX_URL naming an index that can be reached"
        return [problem("Python", says, step)]
    return [problem("Python", says, "Install the tool anew: pipx install --force .")]


def look_at_command_line() -> CommandLineFacts:
    aws = shutil.which("aws")
    if not aws:
        return CommandLineFacts("")
    answer = command_output(aws, "--version")
    return CommandLineFacts(aws, answer.out + answer.err)  # the first ones wrote it to stderr


def command_line_findings(facts: CommandLineFacts) -> list[Finding]:
    if not facts.aws:
        return [ok("AWS CLI", "Not installed; nothing here needs it.")]
    version = VERSION.search(facts.said)
    if version is None:
        says = f"{facts.aws} did not tell its version within {SECONDS:.0f} seconds."
        return [warning("AWS CLI", says, f"{facts.aws} --version; nothing here needs it")]
    if old := sentence(facts.aws, facts.said):
        said, _, step = old.removeprefix("warning: ").rpartition(". ")
        return [warning("AWS CLI", f"{said}.", step)]
    return [ok("AWS CLI", f"{version[1]}.{version[2]} ({facts.aws}) reads AWS_ENDPOINT_URL.")]
