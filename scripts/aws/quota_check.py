"""Whether the account's quota is enough for the machines that a verb is about to start.

Service Quotas is asked for one quota only, and an account that does not tell is taken to have enough: AWS refuses a
creation itself.
"""

from typing import Any

from botocore.exceptions import ClientError

from scripts.aws.known_codes import keep_code, known_code
from scripts.aws.machines import Machines
from scripts.aws.quotas import SERVICE, Quota, console_of, read_quotas
from scripts.console.failure import Failure, error_code
from scripts.console.make import make

ROOMY = 20  # instances above what is wanted: what runs is counted only below


def find_quota(service_quotas: Any, name: str) -> Quota | None:
    """The account's quota of this name; None where it has none. Raises ClientError where one may not ask."""
    code = known_code(name)
    found = _quota_of_code(service_quotas, code) if code else None
    if found and found.get("QuotaName") == name:
        return Quota(found["QuotaCode"], found["Value"])
    quota = read_quotas(service_quotas, {name: ()}).get(name)
    if quota:
        keep_code(name, quota.code)
    return quota


def _quota_of_code(service_quotas: Any, code: str) -> dict[str, Any] | None:
    asked = {"ServiceCode": SERVICE, "QuotaCode": code}
    for operation in (service_quotas.get_service_quota, service_quotas.get_aws_default_service_quota):
        try:
            return operation(**asked)["Quota"]
        except ClientError as error:
            if error_code(error) != "NoSuchResourceException":  # an account that was never changed has the default
                raise
    return None


def is_tight(machines: Machines, quota: Quota) -> bool:
    """Whether what the account runs already decides."""
    return machines.count <= quota.instances < machines.count + ROOMY


def check_quota(machines: Machines, quota: Quota, used: int, region: str) -> str | None:
    """A warning where it may not be enough beside what runs, None where it is. Raises Failure where it is too small
    whatever runs, and AWS has no other instance type to take.
    """
    where = f"{console_of(region)}/{quota.code}"
    has, wants = f"{quota.instances:g} in {region}", f"{machines.count} {'are' if machines.count > 1 else 'is'} wanted"
    if machines.count > quota.instances and machines.others:
        return (
            f"The quota `{machines.quota}` is {has}, and {wants}: AWS can only take {' or '.join(machines.others)}. "
            f"Ask for {machines.count}: {where}"
        )
    if machines.count > quota.instances:
        raise Failure(
            f"The quota `{machines.quota}` is {has}, and {wants}. Ask for at least {machines.count}: {where}, or set "
            f"another {machines.section}.instance-type in sagemaker.toml."
        )
    if machines.count + used > quota.instances:
        return (
            f"The quota `{machines.quota}` is {has}, of which {used} in use, and {wants}: "
            f"AWS may refuse it. Wait for what runs (`{make('status')}`), or ask for {machines.count + used}: {where}"
        )
    if machines.most > quota.instances:
        return (
            f"The quota `{machines.quota}` is {has}, and autoscaling.max-instances is {machines.most}: it will stop at "
            f"the quota. Ask for {machines.most}: {where}"
        )
    return None
