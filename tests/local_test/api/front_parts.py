"""The front with small parts behind it, each of which says that it was asked."""

import io
from types import SimpleNamespace

from local_test.api.access import Access
from local_test.api.front import Front
from local_test.api.http_request import RequestHead
from local_test.api.http_server import EXAMINED, HEAD
from local_test.api.other_services import OtherServices
from tests.local_test.api.signing import KEY, find

LIST = {"X-Amz-Target": "SageMaker.ListTrainingJobs"}


class Parts:
    """In place of what is behind the front: each says that it was asked, and moto reads the body."""

    def __init__(self):
        self.asked, self.stored = [], []
        self.access = Access(find)
        self.access.hosts = frozenset({"127.0.0.1:4567"})

    def call(self, operation, request):
        self.asked.append((operation, request))
        return {}

    def application(self, name):
        def answer(environ, start_response):
            self.asked.append(name)
            start_response("200 OK", [("Access-Control-Allow-Origin", "*"), ("X-Kept", "1")])
            return [b""]

        return answer

    def moto(self, service, environ, start_response):
        self.stored.append(environ["wsgi.input"].read())
        return self.application(service)(environ, start_response)

    def flush(self):
        pass

    def record(self, *request):
        pass

    def with_stream_names(self, request, region):
        return request

    def ask(self, head: RequestHead, body: bytes = b"", moto=None):
        """Status, headers, body."""
        others = OtherServices(moto or self.moto, self, self, self)
        regions = {"us-east-1": SimpleNamespace(api=self, runtime=self.application("runtime"))}
        front = Front(self.access, regions, self.application("control"), others, KEY.id)
        environ = {
            HEAD: head,
            EXAMINED: self.access.examine(head),
            "REQUEST_METHOD": head.method,
            "PATH_INFO": head.path,
            "REQUEST_URI": f"{head.path}?{head.query}",
            "QUERY_STRING": head.query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        heard = []
        answer = b"".join(front(environ, lambda *said: heard.append(said)))
        return int(heard[0][0].split()[0]), dict(heard[0][1]), answer
