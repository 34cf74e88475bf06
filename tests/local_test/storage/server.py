"""`python -m tests.local_test.storage.server FOLDER`: moto behind one small WSGI function, with its state in FOLDER.

Stands for the front of the local SageMaker. Prints its port when it listens.
"""

import io
import sys
import time
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.datastructures import EnvironHeaders
from werkzeug.serving import make_server

from local_test.storage.journal import Journal
from local_test.storage.log_groups import LogGroups
from local_test.storage.metrics import Metrics
from local_test.storage.object_store import ObjectStore

ACCOUNT, REGION = "123456789012", "us-east-1"


def main(folder: Path) -> None:
    objects = ObjectStore(folder / "s3", ACCOUNT, REGION)
    logs = LogGroups(ACCOUNT, REGION, folder / "logs")
    metrics = Metrics(ACCOUNT, REGION, folder / "metrics")
    moto = DomainDispatcherApplication(create_backend_app)

    journal = Journal(folder / "journal.jsonl")
    journal.replay(moto)

    def front(environ, start_response):
        if environ["PATH_INFO"] == "/job-writes":  # what the service's own threads do
            logs.write("/aws/sagemaker/TrainingJobs", "job/algo-1", [(1000, "epoch=1"), (2000, "epoch=2")])
            metrics.put("/aws/sagemaker/TrainingJobs", "loss", 0.5, time.time() - 60, {"TrainingJobName": "job"})
            start_response("200 OK", [])
            return []
        is_object = "/s3/aws4_request" in environ.get("HTTP_AUTHORIZATION", "") and "/" in environ["PATH_INFO"].strip(
            "/"
        )
        body = b"" if is_object else environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if not is_object:
            environ["wsgi.input"] = io.BytesIO(body)
        statuses = []

        def start(status, headers, exc_info=None):
            statuses.append(int(status.split()[0]))
            return start_response(status, headers, exc_info)

        answer = moto(environ, start)
        objects.flush()
        journal.record(
            environ["REQUEST_METHOD"],
            environ["RAW_URI"].partition("?")[0],
            environ["QUERY_STRING"],
            dict(EnvironHeaders(environ)),
            body,
            statuses[-1],
        )
        return answer

    server = make_server("127.0.0.1", 0, front, threaded=True)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
