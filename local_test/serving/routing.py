"""Which variant, which instance, which fleet answers a request."""

from collections.abc import Sequence


def choose_by_weight(weights: dict[str, float], point: float) -> str:
    """A name, each as often as its share of the sum of weights. point: uniform from 0 up to, not including, 1.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-ab-testing.html
    """
    total = sum(weights.values())
    if total <= 0:
        raise ValueError("Every variant has weight 0: no request can be routed.")
    reached = 0.0
    for name, weight in weights.items():
        reached += weight / total
        if point < reached and weight > 0:
            return name
    return [name for name, weight in weights.items() if weight > 0][-1]  # rounding left a gap below 1


def choose_instance(outstanding: Sequence[int], strategy: str, point: float) -> int:
    """Index of the instance. outstanding: requests under way on each. strategy: RANDOM or LEAST_OUTSTANDING_REQUESTS.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantRoutingConfig.html
    """
    if strategy == "LEAST_OUTSTANDING_REQUESTS":
        fewest = min(outstanding)
        candidates = [index for index, count in enumerate(outstanding) if count == fewest]
    else:
        candidates = list(range(len(outstanding)))
    return candidates[int(point * len(candidates))]
