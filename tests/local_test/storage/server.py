"""`python -m tests.local_test.storage.server FOLDER`: moto behind one small WSGI function, with its state in FOLDER.

Stands for the front of the local SageMaker. Prints its port when it listens.
"""

import sys
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from local_test.storage.object_store import ObjectStore

ACCOUNT, REGION = "123456789012", "us-east-1"


def main(folder: Path) -> None:
    objects = ObjectStore(folder / "s3", ACCOUNT, REGION)
    moto = DomainDispatcherApplication(create_backend_app)

    def front(environ, start_response):
        answer = moto(environ, start_response)
        objects.flush()
        return answer

    server = make_server("127.0.0.1", 0, front, threaded=True)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
