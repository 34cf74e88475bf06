"""Sentences about costs: of machines that are about to start, and of those that run."""

from scripts.aws.machines import Machines, duration

HOUR = 3600


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
