"""Several calls of which the last is the one that matters: when it is refused, what the others made is taken back, so
that an attempt leaves neither models nor endpoint configs behind, nor an end for an endpoint that is not there.
"""

import sys
from collections.abc import Callable, Iterable

from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws.clients import Aws, Call
from scripts.aws.waiting import moments
from scripts.console.failure import explain

SECONDS_TO_KNOW = 30.0  # for what one call made to be known to the next: SageMaker is eventually consistent
# What a call made -> what removes it, and the field that names it.
_REMOVED_BY = {
    "CreateModel": ("DeleteModel", "ModelName"),
    "CreateEndpointConfig": ("DeleteEndpointConfig", "EndpointConfigName"),
    "CreateSchedule": ("DeleteSchedule", "Name"),
}


def make_all(aws: Aws, calls: Iterable[Call], make: Callable[[Call], object]) -> None:
    """Make the calls in order. When AWS refuses one, or cannot be asked, the models and endpoint configs that the calls
    before it made are removed, the last one first, and the error goes on.

    make: makes one call. A call that could not find what one before it made is made again for 30 seconds.
    """
    made: list[Call] = []
    try:
        for call in calls:
            _make_when_known(call, make, made)
            made.append(call)
    except (ClientError, BotoCoreError):
        for call in reversed(made):
            _take_back(aws, call)
        raise


def _make_when_known(call: Call, make: Callable[[Call], object], made: list[Call]) -> None:
    names = [one.request[_REMOVED_BY[one.operation][1]] for one in made if one.operation in _REMOVED_BY]
    for passed in moments():
        try:
            make(call)
            return
        except ClientError as error:
            said = str(error)
            unknown = "could not find" in said.lower() and any(name in said for name in names)
            if not unknown or passed > SECONDS_TO_KNOW:
                raise


def _take_back(aws: Aws, call: Call) -> None:
    if call.operation not in _REMOVED_BY:
        return
    operation, field = _REMOVED_BY[call.operation]
    try:
        aws.make(Call(call.service, operation, {field: call.request[field]}))
    except (ClientError, BotoCoreError) as error:  # the first error is the one to tell
        print(f"warning: {call.request[field]} stays. {explain(error)}", file=sys.stderr)
