"""Runs beside a server that is about to start: asks until it answers, and says so. `first_answer.py DATA PATH`.

Prints a line when it begins to ask, and the first answer as the second, a JSON string.
"""

import json
import sys
import time
from pathlib import Path

from connection import Connection
from photographs import requests

AGAIN = 0.005  # seconds between two attempts
WITHIN = 300  # seconds


def first_answer(request: bytes) -> bytes:
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        try:
            connection = Connection()
            try:
                status, answer = connection.ask(request)
            finally:
                connection.close()
            if status == 200:
                return answer
        except OSError:
            pass  # it does not listen yet, or it hung up
        time.sleep(AGAIN)
    raise TimeoutError(f"no answer within {WITHIN} s")


if __name__ == "__main__":
    data, path = sys.argv[1:]
    request = requests(Path(data), path)[0]
    print("asking", flush=True)
    print(json.dumps(first_answer(request).decode()), flush=True)
