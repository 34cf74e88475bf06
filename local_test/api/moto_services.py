"""The services around SageMaker: S3, ECR, IAM, STS, CloudWatch with its logs, Application Auto Scaling, Budgets. moto
answers, one application for each.

Written against moto 5.2. Its own dispatcher would serve every service that moto has, and guess which one a request
means."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from moto.moto_server.werkzeug_app import BackendRequest, create_backend_app
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.utils import cached_property

from local_test.api.allowed_operations import SERVICES
from local_test.api.moto_additions import SCALING, add_copies_of_components, add_policy_simulation

# In a signature's scope -> moto's own name.
BACKENDS = {"monitoring": "cloudwatch", SCALING: "applicationautoscaling"}
RECEIVED = "local_sagemaker.received"  # in a WSGI environment: an object's bytes in a file, instead of in memory


class _Request(BackendRequest):
    """moto's request. What is uploaded as a file stays one: moto reads `data` for everything else."""

    @cached_property
    def data(self) -> Any:
        received = self.environ.get(RECEIVED)
        return super().data if received is None else received

    def _load_form_data(self) -> None:
        if self.environ.get(RECEIVED) is None:
            super()._load_form_data()
        else:
            self.__dict__ |= {"form": ImmutableMultiDict(), "files": ImmutableMultiDict()}


class MotoServices:
    """A WSGI application for requests of SERVICES; who they are from, and whether they are here, has been decided
    before.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._applications: dict[str, Flask] = {}
        add_policy_simulation()

    def __call__(self, service: str, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ.pop("HTTP_X_MOTO_ACCOUNT_ID", None)  # there is one account here
        return self._application(service)(environ, start_response)

    def _application(self, service: str) -> Flask:
        if service not in SERVICES:
            raise ValueError(f"{service} is none of the services that are here.")
        with self._lock:
            if service not in self._applications:
                if service == SCALING:
                    add_copies_of_components()
                application = create_backend_app(BACKENDS.get(service, service))
                application.request_class = _Request
                self._applications[service] = application
            return self._applications[service]


def with_underscores(environ: dict[str, Any], headers: dict[str, str]) -> None:
    """Put the metadata whose names have an underscore into a WSGI environment, which cannot tell `my_key` from
    `my-key`, as moto looks for them.
    """
    names = {}
    for name, value in headers.items():
        if "_" in name and should_preserve_original_header_name(name) and environ_key_for_header(name) not in environ:
            environ[environ_key_for_header(name)] = value
            names[environ_key_for_header(name)] = name
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names
