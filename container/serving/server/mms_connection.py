"""One of multi-model-server's connections to an engine: its requests become jobs, and the jobs' answers go back.

multi-model-server sends the next request of a connection when it has the answer to the one before, so as many jobs can
be under way as there are connections. The messages are read and written by multi-model-server's own codec."""

import logging
import os
import socket
from collections.abc import Callable

from mms.protocol.otf_message_handler import create_load_model_response, create_predict_response, retrieve_msg
from mms.service import Service

from container.serving.request.invocation import Job
from container.serving.server.invocations_in_progress import UnderWay

log = logging.getLogger(__name__)
READ_AHEAD = 256 * 1024


class _Buffered:
    """The codec asks for four bytes at a time; each would be a system call."""

    def __init__(self, connection: socket.socket):
        self._file = connection.makefile("rb", buffering=READ_AHEAD)

    def recv(self, size: int) -> bytes:
        return self._file.read(size)


def answer_connection(
    connection: socket.socket, model_name: str, model_dir: str, under_way: UnderWay, answer: Callable[[Job], None]
) -> None:
    """Answer what comes, until multi-model-server closes the connection."""
    incoming = _Buffered(connection)
    try:
        while True:
            command, message = retrieve_msg(incoming)
            if command == b"L":  # the engine takes connections when it has loaded the model
                connection.sendall(create_load_model_response(200, f"loaded model {model_name}. [PID]:{os.getpid()}"))
            else:
                job, ids = _job(message, model_name, model_dir)
                with under_way.taken(job) as wanted:
                    if wanted:
                        answer(job)
                    connection.sendall(_response(job, ids))
    except (ValueError, OSError):  # the codec's word for a closed connection
        pass
    finally:
        connection.close()


def _job(batch: list[dict], model_name: str, model_dir: str) -> tuple[Job, dict[int, str]]:
    """A message as a job, and multi-model-server's id of it."""
    headers, inputs, ids = Service.retrieve_data_for_inference(batch)
    [properties], [parts] = headers, inputs  # a batch of one: the engines make the batches
    return Job.of(bytes(parts.get("body", b"")), properties.get_request_properties(), model_name, model_dir), ids


def _response(job: Job, ids: dict[int, str]) -> bytes:
    try:
        return create_predict_response([job.answer], ids, "Prediction success", 200, context=job.context)
    except (
        Exception
    ) as error:  # a header that is a number, text that is not Unicode: what a user's functions may have set
        log.error("fault %s: the answer cannot be sent: %s", job.request_id, error)
        return create_predict_response(None, ids, "the answer cannot be sent", 500)
