"""What is asked and said before machines start: whether the account's quota is enough for them, and what they cost."""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from scripts.aws.clients import Aws
from scripts.aws.instances_in_use import in_use
from scripts.aws.machines import Machines
from scripts.aws.prices import cost_in_words, price_of
from scripts.aws.quotas import check_quota, find_quota, is_tight

SECONDS_FOR_ANSWERS = 2.0  # for all that is asked
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
    found = _answers_within(SECONDS_FOR_ANSWERS, questions, UNANSWERED)
    if quota := found.get("quota"):
        used = {}
        if is_tight(machines, quota):
            left = SECONDS_FOR_ANSWERS - (time.monotonic() - began)
            used = _answers_within(left, {"instances": lambda: in_use(sagemaker, machines)}, UNANSWERED)
        if warning := check_quota(machines, quota, used.get("instances", 0), aws.region):
            print(f"warning: {warning}", file=sys.stderr)
    if says_costs:
        print(cost_in_words(machines, found.get("price")), file=sys.stderr)


def _answers_within(
    seconds: float, questions: Mapping[str, Callable[[], Any]], unanswered: tuple[type[Exception], ...]
) -> dict[str, Any]:
    """The answers that came within the time, by the names of their questions.

    Args:
        seconds: for all of them together. Their threads are daemons and go on: what one of them writes down serves the
            next program.
        questions: functions that use clients which are made already.
        unanswered: what a question raises that gets no answer. Anything else that it raises is raised here.
    """
    found: dict[str, Any] = {}
    raised: list[Exception] = []

    def ask(name: str, question: Callable[[], Any]) -> None:
        try:
            found[name] = question()
        except unanswered:
            pass
        except Exception as error:  # a fault of ours, which must not look like silence
            raised.append(error)

    threads = [threading.Thread(target=ask, args=one, daemon=True) for one in questions.items()]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if raised:
        raise raised[0]
    return dict(found)
