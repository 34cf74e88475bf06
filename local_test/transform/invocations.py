"""POST /invocations of a batch transform job: kept-alive connections, a timeout, retries of what may pass.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelClientConfig.html
"""

import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass

from local_test.transform.mini_batches import Blocks

DEFAULT_SECONDS, DEFAULT_RETRIES = 600, 3
SECONDS_BEFORE_RETRY = 0.25  # doubled with every further one
SECONDS_FOR_PARAMETERS = 10
BROKEN = (OSError, http.client.HTTPException)


class InvocationFailed(RuntimeError):
    """A payload got no good answer. status: of the last answer, None when there was none. message: its body, or what went
    wrong. broken: whether the connection broke, as it does when the container dies."""

    def __init__(self, status: int | None, message: str, broken: bool = False):
        super().__init__(f"status {status}: {message}" if status else message)
        self.status, self.message, self.broken = status, message, broken


@dataclass(frozen=True)
class Address:
    host: str
    port: int


class Invocations:
    """Sends payloads to one container, from many threads: each thread keeps a connection of its own.

    headers: ContentType and Accept of the job. seconds: for each try. over: set when answers are of no use any more.
    """

    def __init__(self, address: Address, headers: dict[str, str], seconds: float, retries: int, over: threading.Event):
        self._address, self._headers, self._seconds, self._retries, self._over = address, headers, seconds, retries, over
        self._own = threading.local()
        self._lock = threading.Lock()
        self._connections: list[http.client.HTTPConnection] = []

    def send(self, body: bytes | Blocks) -> bytes:
        """The body of a 2xx answer. 5xx, silence and broken connections are tried again, other answers are not.

        A body that is read block by block goes with chunked encoding. Raises InvocationFailed, BadInput.
        """
        failure = InvocationFailed(None, "it was not sent: the job is over.")
        for attempt in range(self._retries + 1):
            if self._over.wait(SECONDS_BEFORE_RETRY * 2 ** (attempt - 1) if attempt else 0):
                break
            try:
                status, answer = self._exchange(body)
            except TimeoutError:
                failure = InvocationFailed(None, f"there was no answer within {self._seconds:g} seconds.")
                continue
            except BROKEN as error:
                failure = InvocationFailed(None, f"the connection broke: {error or type(error).__name__}.", broken=True)
                continue
            if 200 <= status < 300:
                return answer
            failure = InvocationFailed(status, answer.decode(errors="replace"))
            if status < 500:
                break
        raise failure

    def close(self) -> None:
        """When no thread sends any more."""
        for connection in self._connections:
            connection.close()

    def _exchange(self, body: bytes | Blocks) -> tuple[int, bytes]:
        connection = self._connection()
        kept_alive = connection.sock is not None
        try:
            return self._once(connection, body)
        except TimeoutError:
            raise
        except BROKEN:
            # A server may close a connection that waits; that is no failed try.
            if not kept_alive:
                raise
            return self._once(connection, body)

    def _once(self, connection: http.client.HTTPConnection, body: bytes | Blocks) -> tuple[int, bytes]:
        cut_off = False
        try:
            try:
                if callable(body):
                    chunked = {**self._headers, "Transfer-Encoding": "chunked"}
                    connection.request("POST", "/invocations", body(), chunked, encode_chunked=True)
                else:
                    connection.request("POST", "/invocations", body, self._headers)
            except (BrokenPipeError, ConnectionResetError):
                cut_off = True  # a server that refuses a large body answers before it has read it all
            response = connection.getresponse()
            answer = response.status, response.read()
        except BaseException:
            connection.close()
            raise
        if cut_off:
            connection.close()
        return answer

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection(self._address.host, self._address.port, timeout=self._seconds)
            with self._lock:
                self._connections.append(self._own.connection)
        return self._own.connection


def execution_parameters(address: Address) -> dict:
    """What GET /execution-parameters answers; {} for a container that has no such thing.

    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
    """
    connection = http.client.HTTPConnection(address.host, address.port, timeout=SECONDS_FOR_PARAMETERS)
    try:
        connection.request("GET", "/execution-parameters")
        response = connection.getresponse()
        answer = json.loads(response.read()) if response.status == 200 else {}
        return answer if isinstance(answer, dict) else {}
    except (*BROKEN, ValueError):
        return {}
    finally:
        connection.close()
