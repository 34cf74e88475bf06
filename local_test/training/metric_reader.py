"""Reads metrics out of log lines: a program of its own, because a regex may take for ever and Python's holds everything
else up.

stdin: a line with [[metric, regex], ...], then lines with lists of log lines. stdout: for each list a line with
[[[metric, value], ...], [metrics that are given up, ...]]. All JSON. It needs nothing but the standard library.
"""

import json
import math
import re
import signal
import sys

SECONDS = 2.0  # of processor time that one regex may take for one list of lines


class TooSlow(Exception):
    pass


def values(regex: re.Pattern[str], line: str) -> list[float]:
    """The first group of every match. What is no finite number gives none: CloudWatch takes no NaN."""
    return [value for match in regex.finditer(line) if (value := _number(match[1])) is not None]


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _too_slow(signum: int, frame: object) -> None:
    raise TooSlow


def main() -> None:
    signal.signal(signal.SIGVTALRM, _too_slow)
    regexes = [(name, re.compile(regex)) for name, regex in json.loads(sys.stdin.readline())]
    for asked in sys.stdin:
        lines, found, given_up = json.loads(asked), [], []
        for name, regex in regexes:
            try:
                signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
                mine = [[number, name, value] for number, line in enumerate(lines) for value in values(regex, line)]
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            except TooSlow:
                given_up.append(name)
            else:
                found += mine
        regexes = [pair for pair in regexes if pair[0] not in given_up]
        in_order = [[name, value] for _, name, value in sorted(found, key=lambda one: one[0])]
        print(json.dumps([in_order, given_up]), flush=True)


if __name__ == "__main__":
    main()
