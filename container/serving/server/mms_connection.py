"""One of multi-model-server's connections to a worker: its requests become invocations, and the invocations' answers go
back.

multi-model-server sends the next request of a connection when it has the answer to the one before, so as many
invocations can be under way as there are connections. The messages are read and written by multi-model-server's own
codec."""

import logging
import os
import socket
from collections.abc import Callable
from typing import Any

from container.serving.mms_internals import (
    Service,
    create_load_model_response,
    create_predict_response,
    retrieve_msg,
)
from container.serving.request.invocation import Invocation
from container.serving.server.invocations_in_progress import InvocationsInProgress

log = logging.getLogger(__name__)
READ_AHEAD = 256 * 1024


class _Buffered:
    """The codec asks for four bytes at a time; each would be a system call."""

    def __init__(self, connection: socket.socket):
        self._file = connection.makefile("rb", buffering=READ_AHEAD)

    def recv(self, size: int) -> bytes:
        return self._file.read(size)


def answer_connection(
    connection: socket.socket,
    model_name: str,
    model_dir: str,
    in_progress: InvocationsInProgress,
    answer: Callable[[Invocation], None],
) -> None:
    """Answer what comes, until multi-model-server closes the connection."""
    incoming = _Buffered(connection)
    try:
        while True:
            command, message = retrieve_msg(incoming)
            if command == b"L":  # the worker takes connections when it has loaded the model
                connection.sendall(create_load_model_response(200, f"loaded model {model_name}. [PID]:{os.getpid()}"))
            else:
                invocation, ids = _invocation(message, model_name, model_dir)
                with in_progress.taken(invocation) as wanted:
                    if wanted:
                        answer(invocation)
                    connection.sendall(_response(invocation, ids))
    except (ValueError, OSError):  # the codec's word for a closed connection
        pass
    finally:
        connection.close()


def _invocation(batch: list[dict[str, Any]], model_name: str, model_dir: str) -> tuple[Invocation, dict[int, str]]:
    """A message as an invocation, and multi-model-server's id of it."""
    headers, inputs, ids = Service.retrieve_data_for_inference(batch)
    [properties], [parts] = headers, inputs  # a batch of one: the workers make the batches
    return Invocation.of(bytes(parts.get("body", b"")), properties.get_request_properties(), model_name, model_dir), ids


def _response(invocation: Invocation, ids: dict[int, str]) -> bytes:
    try:
        return create_predict_response([invocation.answer], ids, "Prediction success", 200, context=invocation.context)
    except (
        Exception
    ) as error:  # a header that is a number, text that is not Unicode: what a user's functions may have set
        log.error("fault %s: the answer cannot be sent: %s", invocation.request_id, error)
        return create_predict_response(None, ids, "the answer cannot be sent", 500)
