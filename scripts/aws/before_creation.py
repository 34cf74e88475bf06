"""What is asked and said before machines start: whether the account's quota is enough for them, and what they cost."""

import sys
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from scripts.aws.clients import Aws
from scripts.aws.cost_words import cost_in_words
from scripts.aws.instances_in_use import in_use
from scripts.aws.machines import Machines
from scripts.aws.prices import price_of
from scripts.aws.quota_check import check_quota, find_quota, is_tight
from scripts.console.deadline import answers_within

SECONDS = 2.0  # for all that is asked
UNANSWERED = (BotoCoreError, ClientError, ResponseParserError)


def before_creation(aws: Aws, machines: Machines) -> None:
    """Say on stderr what the machines cost, and whether what already runs leaves room for them.

    An account that does not tell, or not at once, is not waited for. Raises Failure where its quota is too small.
    """
    began, says_costs = time.monotonic(), aws.settings.costs.say
    service_quotas, sagemaker = aws.quick_client("service-quotas"), aws.quick_client("sagemaker")
    questions: dict[str, Callable[[], Any]] = {"quota": lambda: find_quota(service_quotas, machines.quota)}
    if says_costs:
        aws.quick_client("pricing")  # before the threads
        questions["price"] = lambda: price_of(aws, machines.instance_type, machines.component)
    found = answers_within(SECONDS, questions, UNANSWERED)
    if quota := found.get("quota"):
        used = {}
        if is_tight(machines, quota):
            left = SECONDS - (time.monotonic() - began)
            used = answers_within(left, {"instances": lambda: in_use(sagemaker, machines)}, UNANSWERED)
        if warning := check_quota(machines, quota, used.get("instances", 0), aws.region):
            print(f"warning: {warning}", file=sys.stderr)
    if says_costs:
        print(cost_in_words(machines, found.get("price")), file=sys.stderr)
