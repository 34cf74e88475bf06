"""The SageMaker control plane: an operation's name and its request in, its answer out."""

from typing import Any

import botocore

from local_test.api.errors import UnknownOperation
from local_test.api.refused_operations import why_refused
from local_test.api.request_validation import operations, python_name, validate


class SageMakerApi:
    """Finds the handler of an operation among `parts`: objects with methods named as boto3 names them."""

    def __init__(self, *parts: object):
        self._handlers = {
            name: getattr(part, python_name(name))
            for name in operations()
            for part in parts
            if hasattr(part, python_name(name))
        }

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Raises ApiError. An operation that is not here is refused: an invented answer would be a lie."""
        if operation not in operations():
            raise UnknownOperation(
                f"SageMaker has no operation {operation}, as far as the local SageMaker's botocore "
                f"{botocore.__version__} knows. Send this request to AWS instead."
            )
        if operation not in self._handlers:
            raise UnknownOperation(why_refused(operation))
        validate(operation, request)
        return self._handlers[operation](request)
