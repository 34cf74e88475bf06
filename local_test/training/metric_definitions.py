"""MetricDefinitions: the regular expressions that read metrics out of a training log.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/define-train-metrics.html
"""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from local_test.api.errors import ValidationException

READER = Path(__file__).with_name("metric_reader.py")


def check(definitions: list[dict[str, Any]]) -> None:
    """Raise ValidationException for a regex that does not compile or captures nothing."""
    for definition in definitions:
        name, regex = definition["Name"], definition["Regex"]
        try:
            compiled = re.compile(regex)
        except re.error as error:
            raise ValidationException(f"The regex of metric {name} does not compile: {error}: {regex}") from error
        if not compiled.groups:
            raise ValidationException(f"The regex of metric {name} has no group that captures the value: {regex}")


class MetricScan:
    """Reads the metrics of one job. A process does it, from the first lines until `close`; safe to use from many
    threads.
    """

    def __init__(self, definitions: list[dict[str, Any]]):
        self._definitions = [(one["Name"], one["Regex"]) for one in definitions]
        self._process: subprocess.Popen[Any] | None = None
        self._lock = threading.Lock()

    def values(self, lines: list[str]) -> tuple[list[tuple[str, float]], list[str]]:
        """((metric, value) for every match in the lines, in their order; metrics whose regex was so slow that it is
        given up).

        Raises OSError when the process has ended.
        """
        if not self._definitions:
            return [], []
        with self._lock:
            if self._process is None:
                # A session of its own: a Ctrl-C in the service's terminal is not for it.
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", READER],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
                asked = [self._definitions, lines]
            else:
                asked = [lines]
            assert self._process.stdin and self._process.stdout  # both are pipes
            self._process.stdin.writelines(json.dumps(one) + "\n" for one in asked)
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise OSError("The process that reads metrics out of the log has ended.")
        found, given_up = json.loads(answer)
        return [(name, value) for name, value in found], given_up

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
