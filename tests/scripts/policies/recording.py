"""Every call that a program makes to AWS in these tests must be one that its policy document allows.

The calls are those that the programs' own clients are asked for, whatever answers them.
"""

import functools
import re
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from scripts.aws.clients import Aws
from scripts.aws.policy_documents import FOLDER, Places, document, places_of
from scripts.config.settings import load_settings
from tests.scripts.policies.asked import CONTEXT, asked
from tests.scripts.policies.evaluation import actions_of, allows

ACCOUNT = "123456789012"  # moto's
# `make try` asks the endpoint as `make predict` does.
DOCUMENTS = {path.stem: path.stem for path in FOLDER.glob("*.json")} | {"try_endpoint": "predict"}
_recorded: list[tuple[str, str, dict]] = []


def record(params: dict[str, Any], model: Any, **_: Any) -> None:
    """A hook of botocore's, of the event before-parameter-build."""
    if "process_request_thread" in threading.current_thread().name:
        return  # a stand-in, which plays AWS and leaves what a job would leave
    _recorded.append((model.service_model.service_name, model.name, dict(params)))


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
    policy = document(name, places)
    found = []
    for service, operation, request in calls:
        for one in asked(service, operation, request, places):
            is_named = any(part in arguments for part in re.split("[:/]", one.resource)) or any(
                argument.startswith(f"s3://{one.resource.rpartition(':::')[2].partition('/')[0]}/")
                for argument in arguments
            )
            if is_named and one.action in actions_of(policy):
                continue
            if not allows(policy, one.action, one.resource, CONTEXT):
                found.append(f"{one.action} on {one.resource}")
    return sorted(set(found))
