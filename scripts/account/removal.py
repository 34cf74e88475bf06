"""Taking back what bootstrap made, and nothing else: what carries its tags."""

import sys
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from scripts.account import bucket, budget, execution_role, log_groups
from scripts.aws import inventory
from scripts.aws.clients import Aws, Call
from scripts.aws.policy_documents import places_of
from scripts.console.failure import Failure, explain
from scripts.console.make import make

_LOOKS = (bucket.removal_calls, log_groups.removal_calls, execution_role.removal_calls, budget.removal_calls)
_NAMES = ("Bucket", "logGroupName", "PolicyName", "RoleName", "BudgetName")


def account_removal_calls(aws: Aws, unseen: list[str], stays: list[str]) -> list[Call]:
    """The calls to make when the endpoint, the jobs and the data are gone.

    Args:
        unseen: gets a sentence about each thing that these credentials may not look at.
        stays: gets what bootstrap made and others need.
    """
    places = places_of(aws)
    return [call for look in _LOOKS for call in inventory.seen(partial(look, places=places, stays=stays), aws, unseen)]


def subject(call: Call) -> str:
    """What a call of these is about."""
    return next(call.request[name] for name in _NAMES if name in call.request)


def take_back(aws: Aws, calls: list[Call]) -> None:
    """Make the calls; what is refused does not keep the rest. Raises Failure when something stays that was to go."""
    refused = 0
    for call in calls:
        try:
            aws.make(call)
        except (ClientError, BotoCoreError) as error:
            refused += 1
            print(f"error: {subject(call)}: {explain(error)}", file=sys.stderr)
    if refused:
        raise Failure(
            f"{refused} of what bootstrap made could not be removed. Run `{make('delete')} ARGS=--all` again."
        )
