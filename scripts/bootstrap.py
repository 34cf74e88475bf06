"""`python -m scripts.bootstrap`: make what an account needs before the first job, and nothing that costs by itself.

An execution role with the permissions of the project's jobs and no more, the repositories, the bucket, how long logs
are kept, and a budget where an address is given. Shows them and asks first; what is there already stays.
`delete --all` takes back what was made here.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.atomic_write import write_atomically
from scripts.account.bucket import bucket_step
from scripts.account.budget import budget_step
from scripts.account.execution_role import RoleSetting, role_arn, role_name, role_setting, role_step
from scripts.account.log_groups import log_group_steps
from scripts.account.step import Step, as_pairs, bootstrap_tags
from scripts.aws.clients import Aws, Call, as_json
from scripts.aws.image import describe_repository
from scripts.aws.policy_documents import ROLE, TLS_ONLY, TRUST, VERBS, Places, places_of, policy_document
from scripts.config.names import IMAGES, repository
from scripts.config.settings import load_settings, settings_file
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence, explain, is_about_credentials
from scripts.console.make import make
from scripts.console.terminal import agreed
from scripts.console.waits import Wait
from scripts.requests.repository import create_repository_request, lifecycle_policy_request

DOLLARS = 50.0  # a month


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    args = _parse(arguments)
    found = document(args.json)
    aws = Aws(load_settings())
    places = places_of(aws)
    if args.policies:
        found.write(policies(places))
        return 0
    with Wait(f"what there is of {places.prefix} in {places.region}"):
        steps, unknown = look(aws, places, args.email, args.budget or DOLLARS)
    if args.dry_run:
        found.write_text(as_json([call for step in steps for call in step.calls]))
        return 1 if unknown else 0
    file = settings_file(os.environ)
    setting = RoleSetting("stays as it is, since the role cannot be looked at")
    if any(step.kind == "role" for step in steps):
        setting = role_setting(role_name(places.prefix), role_arn(places), aws.settings.role, file, os.environ)
    show(steps, setting)
    wanted = [step for step in steps if step.calls]
    refused: list[Step] = []
    found.update(role=role_arn(places), setting=setting.says, resources=as_documents(steps, made=[]))
    if wanted or setting.text:
        if not args.yes and not agreed("Make what has a + before it?"):
            print("nothing was made")
            found.update(error="Nothing was made: nobody agreed.")
            return 1
        refused = bring_about(aws, wanted)
        found.update(resources=as_documents(steps, made=[step for step in wanted if step not in refused]))
        if setting.text and all(step.kind != "role" for step in refused):
            write_atomically(file, setting.text)
            print(f"written: {file}")
    if missing := unknown + len(refused):
        raise Failure(
            f"{missing} of what the account needs is missing, as said above; what was made stays. Whoever administers "
            f"the account finds what this program must be allowed in `{make('bootstrap')} ARGS=--policies`."
        )
    print(f"All is there. next: {make('push')}, and {make('upload')} DATA=path/to/pictures")
    return 0


def look(aws: Aws, places: Places, email: str | None, dollars: float) -> tuple[list[Step], int]:
    """What there is and what is missing, and how many looks these credentials could not take, each told on stderr.

    Args:
        email: who gets the budget's mails; None: no budget.
        dollars: the budget, a month.
    """
    looks: dict[str, Callable[[], list[Step]]] = {
        "role": lambda: [role_step(aws, places)],
        "repositories": lambda: _repository_steps(aws),
        "bucket": lambda: [bucket_step(aws, places)],
        "log groups": lambda: log_group_steps(aws, places),
        "budget": lambda: [budget_step(aws, places, email, dollars)],
    }
    steps: list[Step] = []
    unknown = 0
    for kind, find in looks.items():
        try:
            steps += find()
        except (Failure, ClientError) as error:
            if is_about_credentials(error):
                raise
            unknown += 1
            print(f"error: {kind}: {error if isinstance(error, Failure) else explain(error)}", file=sys.stderr)
    return steps, unknown


def _repository_steps(aws: Aws) -> list[Step]:
    """The repositories of the images, as `push` makes them."""
    return [_repository_step(aws, repository(aws.settings.prefix, image)) for image in IMAGES]


def _repository_step(aws: Aws, name: str) -> Step:
    settings = aws.settings
    if describe_repository(aws, name) is not None:
        return Step("repository", name, "is there")
    tags = as_pairs(bootstrap_tags(settings.prefix))
    calls = (
        Call("ecr", "CreateRepository", {**create_repository_request(settings, name), "tags": tags}),
        Call("ecr", "PutLifecyclePolicy", lifecycle_policy_request(settings, name)),
    )
    return Step("repository", name, f"keeps the newest {settings.push.keep_images} images", calls)


def show(steps: list[Step], setting: RoleSetting) -> None:
    """A line for each thing; what is to be made begins with a +."""
    for step in steps:
        print(f"{'+' if step.calls else ' '} {step.kind} {step.name}: {step.says}")
    print(f"{'+' if setting.text else ' '} setting role: {setting.says}")


def as_documents(steps: list[Step], made: list[Step]) -> list[dict[str, Any]]:
    """Of each step what --json says. made: those whose calls were made."""
    return [
        {
            "kind": step.kind,
            "name": step.name,
            "says": step.says,
            "made": [call.operation for call in step.calls] if step in made else [],
        }
        for step in steps
    ]


def bring_about(aws: Aws, steps: list[Step]) -> list[Step]:
    """Make the calls of the steps, and return the steps that AWS refused; each does without the others."""
    refused = []
    for step in steps:
        try:
            for call in step.calls:
                aws.make(call)
        except (ClientError, BotoCoreError) as error:
            if is_about_credentials(error):
                raise
            refused.append(step)
            print(f"error: {step.kind} {step.name}: {explain(error)}", file=sys.stderr)
        else:
            print(f"{step.kind} {step.name}: {', '.join(call.operation for call in step.calls)}")
            if step.then:
                print(step.then)
    return refused


def policies(places: Places) -> dict[str, Any]:
    """Every policy document by its name: of the verbs, of bootstrap and doctor themselves, of the role and its trust,
    and of the bucket. Where no role is set, the one that bootstrap would make is meant.
    """
    places = replace(places, role=places.role or role_arn(places))
    return {name: policy_document(name, places) for name in (*VERBS, "bootstrap", "doctor", ROLE, TRUST, TLS_ONLY)}


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bootstrap",
        description="Make what an account needs: role, repositories, bucket, log groups. Shows them and asks first.",
    )
    parser.add_argument(
        "--email", metavar="ADDRESS", help="also a budget, which mails this address when costs are high"
    )
    parser.add_argument("--budget", type=float, metavar="USD", help=f"of the budget, a month; default: {DOLLARS:g}")
    parser.add_argument(
        "--policies", action="store_true", help="print what each verb and the role must be allowed, as policy documents"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="print the requests, make nothing")
    add_json_option(parser)
    args = parser.parse_args(arguments)
    if args.budget is not None and args.email is None:
        parser.error("--budget needs --email: a budget is only there to mail somebody")
    if args.budget is not None and not 0 < args.budget < 1e9:
        parser.error("--budget must be above 0 and below a billion")
    if args.email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", args.email):
        parser.error(f"--email {args.email} is no mail address")
    return args


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
