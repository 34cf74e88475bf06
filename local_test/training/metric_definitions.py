"""MetricDefinitions: the regular expressions that read metrics out of a training log.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/define-train-metrics.html
"""

import re

from local_test.api.errors import ValidationException


class MetricDefinitions:
    """The definitions of one job. Raises ValidationException for a regex that does not compile or captures nothing."""

    def __init__(self, definitions: list[dict]):
        self._compiled = [(definition["Name"], _compiled(definition)) for definition in definitions]

    def values(self, line: str) -> list[tuple[str, float]]:
        """(metric, value) for every match in a log line; a match whose first group is no number gives none."""
        return [
            (name, float(match[1]))
            for name, regex in self._compiled
            for match in regex.finditer(line)
            if _is_number(match[1])
        ]


def _compiled(definition: dict) -> re.Pattern:
    try:
        regex = re.compile(definition["Regex"])
    except re.error as error:
        raise ValidationException(f"The regex of metric {definition['Name']} does not compile: {error}: {definition['Regex']}") from error
    if not regex.groups:
        raise ValidationException(f"The regex of metric {definition['Name']} has no group that captures the value: {definition['Regex']}")
    return regex


def _is_number(text: str | None) -> bool:
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True
