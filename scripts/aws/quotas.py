"""How many instances an account may have, beside how many the settings ask for.

A new account has a quota of 0 for most GPU instances, and the service says so only when a job is created.
https://docs.aws.amazon.com/general/latest/gr/sagemaker.html#limits_sagemaker"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.findings import Finding, ok, problem, warning
from scripts.config.settings import Settings
from scripts.requests.instances import preferred_types


@dataclass(frozen=True)
class Quota:
    """code: Service Quotas' own, as `L-3F53BF0F`."""

    code: str
    instances: float


def wanted_quotas(settings: Settings) -> dict[str, dict[str, int]]:
    """Name of a quota -> how many instances each verb asks for at once."""
    train, deploy, transform = settings.train, settings.deploy, settings.transform
    kind = "spot training" if train.spot else "training"
    training = {"train": train.instance_count, "tune": train.instance_count * settings.tune.parallel}
    found = {
        **{f"{one} for {kind} job usage": training for one in preferred_types(train)},
        f"{transform.instance_type} for transform job usage": {"transform": transform.instance_count},
    }
    if deploy.mode != "serverless":
        most = max(deploy.instance_count, settings.autoscaling.max_instances)
        found |= {f"{one} for endpoint usage": {"deploy": most} for one in preferred_types(deploy)}
    if train.keep_alive_seconds:
        found |= {
            f"{one} for training warm pool usage": {"train": train.instance_count} for one in preferred_types(train)
        }
    return found


def read_quotas(service_quotas: Any, wanted: Mapping[str, object]) -> dict[str, Quota]:
    """Those of the wanted quotas that the account tells. SageMaker has some thousand, in no order: it asks no further
    once it has them all. Raises ClientError where these credentials may not ask.
    """
    found: dict[str, Quota] = {}
    for page in service_quotas.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker"):
        for one in page["Quotas"]:
            if one.get("QuotaName") in wanted:
                found[one["QuotaName"]] = Quota(one["QuotaCode"], one["Value"])
        if len(found) == len(wanted):
            break
    return found


def quota_findings(wanted: Mapping[str, Mapping[str, int]], found: Mapping[str, Quota], region: str) -> list[Finding]:
    """A finding for each quota that is too small or not told, or one that all are enough."""
    console = f"https://{region}.console.aws.amazon.com/servicequotas/home/services/sagemaker/quotas"
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
