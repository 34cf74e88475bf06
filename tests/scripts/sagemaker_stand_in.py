"""An HTTP server that speaks SageMaker's protocol and says what a test tells it to; it checks each request as botocore
does.

moto has no jobs that run, no endpoints that fail and no invocations of pictures, so what the programs do about those is
tested against answers that are written down here.
"""

import http.server
import json
import threading

from tests.scripts.service_model import problems

# What an account without such jobs answers.
NONE_THERE = {
    f"List{noun}s": {f"{noun}Summaries": []} for noun in ("TrainingJob", "HyperParameterTuningJob", "TransformJob")
}


class Refusal(Exception):
    """An error answer. more: further fields of its body."""

    def __init__(self, code: str, message: str, status: int = 400, **more):
        super().__init__(message)
        self.code, self.message, self.status, self.more = code, message, status, more


class StandIn:
    """answers: by operation, an answer, a Refusal, a function of the request, or a list of these: one a call, the last
    stays. Lists of jobs are empty, and every other answer has no fields, until a test says more.

    calls: every (operation, request) that came. invoke, asynchronous: functions (headers, body) -> answer of
    InvokeEndpoint and of InvokeEndpointAsync, whose answers are to be found at
    s3://some-bucket/dogbreed/async/answers/1 or s3://some-bucket/dogbreed/async/failures/1."""

    def __init__(self, service: str = "sagemaker"):
        """service: botocore's name of one that speaks JSON."""
        self._service = service
        self.forget()

    def forget(self) -> None:
        """Begin anew: one server serves all tests, so that they can share their clients."""
        self.answers, self.calls = {}, []
        self.invoke = self.asynchronous = lambda headers, body: {}

    def made(self) -> list[str]:
        """The operations that change something, in their order."""
        return [operation for operation, _ in self.calls if not operation.startswith(("Describe", "List"))]

    def request(self, operation: str) -> dict:
        [found] = [request for name, request in self.calls if name == operation]
        return found

    def answer(self, operation: str, request: dict):
        found = problems(self._service, operation, request)
        if found:
            raise Refusal("ValidationException", "; ".join(found))
        self.calls.append((operation, request))
        answer = self.answers.get(operation, NONE_THERE.get(operation, {}))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Refusal):
            raise answer
        return answer(request) if callable(answer) else answer


def serve(stand_in: StandIn) -> http.server.ThreadingHTTPServer:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two packets; the second would wait 40 ms for an ACK

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                if self.path.endswith("/async-invocations"):
                    self._send(
                        202,
                        stand_in.asynchronous(self.headers, body),
                        headers={
                            "X-Amzn-SageMaker-OutputLocation": "s3://some-bucket/dogbreed/async/answers/1",
                            "X-Amzn-SageMaker-FailureLocation": "s3://some-bucket/dogbreed/async/failures/1",
                        },
                    )
                elif self.path.endswith("/invocations"):
                    self._send(200, stand_in.invoke(self.headers, body))
                else:
                    operation = self.headers["X-Amz-Target"].rpartition(".")[2]
                    self._send(200, stand_in.answer(operation, json.loads(body)))
            except Refusal as refusal:
                self._send(
                    refusal.status,
                    {"__type": refusal.code, "message": refusal.message, "Message": refusal.message, **refusal.more},
                    refusal.code,
                )

        def _send(self, status: int, answer, error: str | None = None, headers: dict[str, str] | None = None):
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json" if self.path != "/" else "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if error:
                self.send_header("x-amzn-ErrorType", error)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server
