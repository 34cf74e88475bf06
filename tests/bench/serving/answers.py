"""Runs beside a server: its answer to each photograph once, as JSON. `answers.py DATA PATH`. It also warms the server
up.
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from connection import Connection
from photographs import requests

AT_ONCE = 16


def answers(data: Path, path: str) -> list[str]:
    own = threading.local()

    def answer(request: bytes) -> str:
        if not hasattr(own, "connection"):
            own.connection = Connection()
        status, body = own.connection.ask(request)
        assert status == 200, f"{status}: {body.decode(errors='replace')}"
        return body.decode()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(answer, requests(data, path)))


if __name__ == "__main__":
    data, path = sys.argv[1:]
    print(json.dumps(answers(Path(data), path)))
