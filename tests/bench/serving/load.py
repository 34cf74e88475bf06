"""Runs beside a server: clients in a closed loop, each with a kept-alive connection. `load.py DATA PATH CLIENTS
SECONDS`.

A client sends the next photograph of the list that all of them share as soon as it has its answer. Counting begins when
the last client has had its first one; none of them pauses until then, since servers end connections that are idle.
Prints JSON: milliseconds of every answer with status 200, how many were refused with 503, the seconds they took, and
the client's own processor time for a request in milliseconds. Any other status ends the program with an error."""

import itertools
import json
import math
import sys
import threading
import time
from pathlib import Path

from connection import Connection
from photographs import requests

OVERLOAD = 503


class Load:
    def __init__(self, asked: list[bytes], clients: int, seconds: float):
        self._asked, self._seconds = asked, seconds
        self._next = itertools.count()  # threads share it: one call of next() is one step of the interpreter
        self._lock, self._without_answer = threading.Lock(), clients
        self._began, self._used = math.inf, 0.0
        self._answered: list[tuple[float, float]] = []  # moment of the answer, its latency; seconds
        self._refused: list[float] = []
        self._failures: list[str] = []
        self._clients = [threading.Thread(target=self._client) for _ in range(clients)]

    def run(self) -> dict:
        for client in self._clients:
            client.start()
        for client in self._clients:
            client.join()
        if self._failures:
            sys.exit(self._failures[0])
        used, end = time.process_time() - self._used, self._began + self._seconds
        latencies = [1000 * latency for moment, latency in self._answered if self._began < moment <= end]
        refused = sum(self._began < moment <= end for moment in self._refused)
        since = sum(moment > self._began for moment in [*self._refused, *(moment for moment, _ in self._answered)])
        return {
            "milliseconds": latencies,
            "refused": refused,
            "seconds": self._seconds,
            "client_milliseconds": 1000 * used / since,
        }

    def _client(self) -> None:
        try:
            connection = Connection()
            self._ask(connection)
            self._count_me()
            while time.perf_counter() < self._began + self._seconds and not self._failures:
                self._ask(connection)
            connection.close()
        except Exception as error:
            self._failures.append(f"a request failed: {error}")

    def _count_me(self) -> None:
        with self._lock:
            self._without_answer -= 1
            if not self._without_answer:
                self._began, self._used = time.perf_counter(), time.process_time()

    def _ask(self, connection: Connection) -> None:
        request = self._asked[next(self._next) % len(self._asked)]
        began = time.perf_counter()
        status, body = connection.ask(request)
        moment = time.perf_counter()
        if status == 200:
            self._answered.append((moment, moment - began))
        elif status == OVERLOAD:
            self._refused.append(moment)
        else:
            raise ValueError(f"{status}: {body.decode(errors='replace')}")


if __name__ == "__main__":
    data, path, clients, seconds = sys.argv[1:]
    print(json.dumps(Load(requests(Path(data), path), int(clients), float(seconds)).run()))
