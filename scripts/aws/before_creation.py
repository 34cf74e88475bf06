"""What is said and asked before machines start: whether the account's quota is enough for them, and what they cost."""

import sys
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from scripts.aws.clients import Aws
from scripts.aws.cost_words import cost_in_words
from scripts.aws.machines import Machines
from scripts.aws.prices import price_of
from scripts.aws.quota_check import check_quota, instances_left
from scripts.console.deadline import answers_within

SECONDS = 2.0  # for both, side by side


def before_creation(aws: Aws, machines: Machines) -> None:
    """Say on stderr what the machines cost, and whether what already runs leaves room for them.

    An account that does not tell, or not at once, is not waited for. Raises Failure where its quota is too small.
    """
    questions: dict[str, Callable[[], Any]] = {"quota": lambda: instances_left(aws, machines)}
    if aws.settings.costs.say:
        questions["price"] = lambda: price_of(aws, machines.instance_type, machines.component)
    for service in ("service-quotas", "sagemaker", "pricing"):  # clients are made before the threads
        aws.quick_client(service)
    found = answers_within(SECONDS, questions, (BotoCoreError, ClientError, ResponseParserError))
    if told := found.get("quota"):
        quota, used = told
        if warning := check_quota(machines, quota, used, aws.region):
            print(f"warning: {warning}", file=sys.stderr)
    if aws.settings.costs.say:
        print(cost_in_words(machines, found.get("price")), file=sys.stderr)
