"""How many instances an account may have, beside how many the settings ask for: `doctor` asks for all quotas, a verb
that is about to start machines for one.

A new account has a quota of 0 for most GPU instances, and the service says so only when a job is created. An account
that does not tell is taken to have enough: AWS refuses a creation itself.

With the code that Service Quotas has for a quota it is one request, without it some twenty. A code is the same in every
account and region. Those that were found once are kept in out/quota-codes.json.
https://docs.aws.amazon.com/general/latest/gr/sagemaker.html#limits_sagemaker"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from contract.atomic_write import write_atomically
from contract.findings import Finding, ok, problem, warning
from scripts.aws.machines import Machines, of_endpoint, of_training, of_transform, of_tuning, quota_name
from scripts.config.settings import Settings
from scripts.console.failure import Failure, error_code
from scripts.console.make import make
from scripts.requests.instances import preferred_types

SERVICE = "sagemaker"  # Service Quotas' code of it
MOST_RESULTS = (
    100  # of a page: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
)
ROOMY = 20  # instances above what is wanted: what runs is counted only below
CODES_FILE = Path("out/quota-codes.json")
_CODES_OF_THE_DEFAULTS = {
    "ml.g4dn.xlarge for training job usage": "L-3F53BF0F",
    "ml.g4dn.xlarge for spot training job usage": "L-944F78BB",
    "ml.g4dn.xlarge for endpoint usage": "L-B67CFA0C",
    "ml.g4dn.xlarge for transform job usage": "L-4C5C5CA8",
}


@dataclass(frozen=True)
class Quota:
    """code: Service Quotas' own, as `L-3F53BF0F`."""

    code: str
    instances: float


def wanted_quotas(settings: Settings) -> dict[str, dict[str, int]]:
    """Name of a quota -> how many instances each verb asks for at once."""
    training, tuning, transform = of_training(settings), of_tuning(settings), of_transform(settings)
    at_once = {"train": training.count, "tune": tuning.count}
    found = {
        **{quota_name(one, training.usage): at_once for one in preferred_types(settings.train)},
        transform.quota: {"transform": transform.count},
    }
    if endpoint := of_endpoint(settings):
        found |= {
            quota_name(one, endpoint.usage): {"deploy": endpoint.most} for one in preferred_types(settings.deploy)
        }
    if settings.train.keep_alive_seconds:
        pool = {"train": training.count}
        found |= {quota_name(one, "training warm pool"): pool for one in preferred_types(settings.train)}
    return found


def read_quotas(service_quotas: Any, wanted: Mapping[str, object]) -> dict[str, Quota]:
    """Those of the wanted quotas that the account tells. SageMaker has some thousand, in no order: it asks no further
    once it has them all. Raises ClientError where these credentials may not ask.
    """
    found: dict[str, Quota] = {}
    pages = service_quotas.get_paginator("list_service_quotas").paginate(ServiceCode=SERVICE, MaxResults=MOST_RESULTS)
    for page in pages:
        for one in page["Quotas"]:
            if one.get("QuotaName") in wanted:
                found[one["QuotaName"]] = Quota(one["QuotaCode"], one["Value"])
        if len(found) == len(wanted):
            break
    return found


def quota_findings(wanted: Mapping[str, Mapping[str, int]], found: Mapping[str, Quota], region: str) -> list[Finding]:
    """A finding for each quota that is too small or not told, or one that all are enough."""
    console = console_of(region)
    findings = []
    for name, verbs in wanted.items():
        most = max(verbs.values())
        if name not in found:
            says = f"Service Quotas tells none named {name!r}: AWS's default holds, which for GPUs may be 0."
            findings.append(warning("quota", says, f"Look for it, and ask for {most}: {console}"))
            continue
        has, code = found[name].instances, found[name].code
        short = [f"{verb} wants {count}" for verb, count in verbs.items() if count > has]
        if short:
            findings.append(
                problem("quota", f"{name} is {has:g}; {', '.join(short)}.", f"Ask for {most}: {console}/{code}")
            )
    return findings or [ok("quota", f"{', '.join(f'{name} {one.instances:g}' for name, one in found.items())}.")]


def find_quota(service_quotas: Any, name: str) -> Quota | None:
    """The account's quota of this name; None where it has none. Raises ClientError where one may not ask."""
    code = known_code(name)
    found = _quota_of_code(service_quotas, code) if code else None
    if found and found.get("QuotaName") == name:
        return Quota(found["QuotaCode"], found["Value"])
    quota = read_quotas(service_quotas, {name: ()}).get(name)
    if quota:
        _keep_code(name, quota.code)
    return quota


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


def console_of(region: str) -> str:
    """Where one asks for more; a slash and a quota's code lead to that one."""
    return f"https://{region}.console.aws.amazon.com/servicequotas/home/services/{SERVICE}/quotas"


def _quota_of_code(service_quotas: Any, code: str) -> dict[str, Any] | None:
    asked = {"ServiceCode": SERVICE, "QuotaCode": code}
    for operation in (service_quotas.get_service_quota, service_quotas.get_aws_default_service_quota):
        try:
            return operation(**asked)["Quota"]
        except ClientError as error:
            if error_code(error) != "NoSuchResourceException":  # an account that was never changed has the default
                raise
    return None


def known_code(name: str) -> str | None:
    """name: a quota's, as Service Quotas has it. What it answers to the code must be of that name."""
    return {**_CODES_OF_THE_DEFAULTS, **_kept_codes()}.get(name)


def _keep_code(name: str, code: str) -> None:
    """A folder that cannot be written is no reason to end: the next program asks again."""
    with suppress(OSError):
        CODES_FILE.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(CODES_FILE, json.dumps({**_kept_codes(), name: code}, indent=1) + "\n")


def _kept_codes() -> dict[str, str]:
    try:
        found = json.loads(CODES_FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
