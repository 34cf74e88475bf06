"""Every call that a program makes to AWS in these tests must be one that its policy document allows.

The calls are those that the programs' own clients are asked for, whatever answers them.
"""

import functools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from scripts.aws.clients import Aws
from scripts.aws.policy_documents import FOLDER, Places, places_of, policy_document
from scripts.config.settings import load_settings
from tests.scripts.policies.asked import asked, context
from tests.scripts.policies.evaluation import actions_of, allows

ACCOUNT = "123456789012"  # moto's
TESTS = Path(__file__).parents[2]
# `make try` asks the endpoint as `make predict` does.
DOCUMENTS = {path.stem: path.stem for path in FOLDER.glob("*.json")} | {"try_endpoint": "predict"}
_recorded: list[tuple[str, str, dict]] = []


def record(params: dict[str, Any], model: Any, **_: Any) -> None:
    """A hook of botocore's, of the event before-parameter-build."""
    if not _is_asked_by_a_test():
        asked_for(params, model)


def asked_for(params: dict[str, Any], model: Any) -> None:
    """model: of the operation."""
    _recorded.append((model.service_model.service_name, model.name, dict(params)))


def _is_asked_by_a_test() -> bool:
    """Tests and stand-ins look at what a program made, and leave what a job would leave."""
    frame = sys._getframe(2)
    while frame and frame.f_globals["__name__"].partition(".")[0] in ("botocore", "boto3"):
        frame = frame.f_back
    return frame is not None and Path(frame.f_code.co_filename).is_relative_to(TESTS)


def checked(main: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
    """What runs a program, and then looks at the calls that it made. main: the program's."""
    name = DOCUMENTS[main.__module__.rpartition(".")[2]]

    @functools.wraps(main)
    def run(arguments: list[str]) -> int:
        _recorded.clear()
        status = main(arguments)
        calls = list(_recorded)
        if calls:
            problems = not_allowed(name, calls, [str(one) for one in arguments], project_places())
            assert not problems, f"scripts/policies/{name}.json does not allow: {problems}"
        return status

    return run


def imported_programs() -> list[ModuleType]:
    """Those with a policy document that these tests use."""
    return [module for name in DOCUMENTS if (module := sys.modules.get(f"scripts.{name}"))]


def project_places() -> Places:
    """Of the settings and the environment, without asking anybody."""
    aws = Aws(load_settings())
    aws.__dict__["identity"] = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/moto"}
    return places_of(aws)


def not_allowed(name: str, calls: list[tuple[str, str, dict]], arguments: list[str], places: Places) -> list[str]:
    """Of the calls, what the document `name` does not allow: each as action and resource.

    What a user names in the arguments, such as a model in a bucket of his own, is none of the project's; the action
    must be in the document all the same.
    """
    policy = policy_document(name, places)
    found = []
    for service, operation, request in calls:
        for one in asked(service, operation, request, places):
            is_named = any(part in arguments for part in re.split("[:/]", one.resource)) or any(
                argument.startswith(f"s3://{one.resource.rpartition(':::')[2].partition('/')[0]}/")
                for argument in arguments
            )
            if is_named and one.action in actions_of(policy):
                continue
            if not allows(policy, one.action, one.resource, context(service)):
                found.append(f"{one.action} on {one.resource}")
    return sorted(set(found))
