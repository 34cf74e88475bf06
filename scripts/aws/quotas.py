"""How many instances an account may have, beside how many the settings ask for.

A new account has a quota of 0 for most GPU instances, and the service says so only when a job is created.
https://docs.aws.amazon.com/general/latest/gr/sagemaker.html#limits_sagemaker"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.findings import Finding, ok, problem, warning
from scripts.aws.machines import of_endpoint, of_training, of_transform, of_tuning, quota_name
from scripts.config.settings import Settings
from scripts.requests.instances import preferred_types

SERVICE = "sagemaker"  # Service Quotas' code of it
MOST_RESULTS = (
    100  # of a page: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
)


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


def console_of(region: str) -> str:
    """Where one asks for more; a slash and a quota's code lead to that one."""
    return f"https://{region}.console.aws.amazon.com/servicequotas/home/services/{SERVICE}/quotas"


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
