"""CloudWatch alarms as moto knows them in this process; SetAlarmState of any client of the service changes them."""

from collections.abc import Iterable

from moto.cloudwatch.models import cloudwatch_backends

IN_ALARM = "ALARM"


def unknown_alarms(names: Iterable[str], account: str, region: str) -> list[str]:
    known = cloudwatch_backends[account][region].alarms
    return [name for name in names if name not in known]


def alarms_that_went_off(names: Iterable[str], account: str, region: str) -> list[str]:
    known = cloudwatch_backends[account][region].alarms
    return [name for name in names if name in known and known[name].state_value == IN_ALARM]
