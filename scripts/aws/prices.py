"""What an instance costs an hour, in USD: from [costs.prices], else from AWS's price list, whose answers are kept. And
sentences about costs: of machines that are about to start, and of those that run.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from contract.atomic_write import write_atomically
from scripts.aws.clients import Aws
from scripts.aws.machines import Machines, duration

FILE = Path("out/prices.json")
KEPT_DAYS = 30  # prices change some times a year
HOUR = 3600


def price_of(aws: Aws, instance_type: str, component: str) -> float | None:
    """USD an hour of one instance on demand; None where the price list has none.

    Args:
        component: `Training`, `Hosting` or `BatchTransform`.

    Raises ClientError where these credentials may not ask.
    """
    if own := aws.settings.costs.prices.get(instance_type):
        return own
    place, today = f"{aws.region} {instance_type}", datetime.now(UTC).date()
    kept = _kept(place, today)
    if kept is None:
        kept = components_of(_products(aws, instance_type))
        if kept:
            _keep(place, today, kept)
    return kept.get(component)


def components_of(products: Iterable[dict[str, Any]]) -> dict[str, float]:
    """`{"Training": 0.736, "Hosting": 0.736, ...}` of the price list's products. Those that are free are left out."""
    found: dict[str, float] = {}
    for product in products:
        attributes = product["product"].get("attributes", {})
        component = attributes.get("platoinstancetype") or attributes.get("component", "")
        for price in _hourly(product):
            if price > 0:
                found[component.replace(" ", "")] = price
    return found


def cost_in_words(machines: Machines, price: float | None) -> str:
    """What the machines cost by the hour and at most, and what ends them.

    Args:
        price: USD an hour of one instance; None where it is not known.
    """
    several = machines.count > 1
    what = f"{machines.count} x {machines.instance_type} cost" if several else f"{machines.instance_type} costs"
    if price is None:
        rate = f"{what} by the hour"
        most = "" if machines.seconds is None else f", together at most {duration(machines.seconds)} of one instance"
    else:
        hourly = machines.count * price
        rate = f"{what} {usd(hourly)} an hour"
        if machines.seconds is not None:
            most = f", at most {usd(machines.seconds / HOUR * price)} in all"
        else:
            most = f", {usd(24 * hourly)} a day" if machines.usage == "endpoint" else ""
    if machines.most > machines.count:
        most += f"; autoscaling may bring {machines.most} instances"
        most += "" if price is None else f", {usd(machines.most * price)} an hour"
    spot = " Spot capacity costs less, by how much AWS says when the job has ended." if "spot" in machines.usage else ""
    return f"{rate}{most}. {machines.end}{spot}"


def running_cost(rate: str, price: float | None, instances: int, instance_seconds: float) -> str:
    """`by the hour, 2 instances`, then what they cost an hour and have come to.

    Args:
        rate: how it costs, without a price.
        price: USD an hour of one instance; None where it is not known.
        instances: that run now.
        instance_seconds: for how long they have run, of all instances together.
    """
    if price is None:
        return rate
    return f"{rate}, {usd(instances * price)} an hour, about {usd(instance_seconds / HOUR * price)} so far"


def usd(amount: float) -> str:
    """`4.42 USD`; three digits below a tenth."""
    return f"{amount:,.3f} USD" if 0 < amount < 0.1 else f"{amount:,.2f} USD"


def _products(aws: Aws, instance_type: str) -> list[dict[str, Any]]:
    """All uses of an instance type in the region: one page of some twenty."""
    wanted = {"instanceName": instance_type, "regionCode": aws.region}
    answer = aws.quick_client("pricing").get_products(
        ServiceCode="AmazonSageMaker",
        Filters=[{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()],
        FormatVersion="aws_v1",
    )
    return [json.loads(one) for one in answer["PriceList"]]


def _hourly(product: dict[str, Any]) -> Iterable[float]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            if dimension.get("unit", "").lower() in ("hrs", "hours", "hour"):
                yield float(dimension.get("pricePerUnit", {}).get("USD", 0))


def _kept(place: str, today: date) -> dict[str, float] | None:
    found = _file().get(place)
    with suppress(TypeError, KeyError, ValueError):
        if found is not None and 0 <= (today - date.fromisoformat(found["asked"])).days < KEPT_DAYS:
            return {str(component): float(price) for component, price in found["USD"].items()}
    return None


def _keep(place: str, today: date, prices: dict[str, float]) -> None:
    """A folder that cannot be written is no reason to end: the next program asks again."""
    with suppress(OSError):
        FILE.parent.mkdir(parents=True, exist_ok=True)
        kept = {**_file(), place: {"asked": today.isoformat(), "USD": prices}}
        write_atomically(FILE, json.dumps(kept, indent=1) + "\n")


def _file() -> dict[str, Any]:
    try:
        found = json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
