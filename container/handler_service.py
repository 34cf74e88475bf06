"""What multi-model-server calls in each of its workers: load the model, answer requests.

A function, not the toolkit's class: multi-model-server swallows what a class's `initialize` raises and would report a
model that never loaded. And the toolkit's Transformer answers one error for a whole batch, with the traceback in it;
here every request has its own answer, and the traceback stays in the log.
"""

import json
import logging
import traceback
import uuid
from types import SimpleNamespace

from sagemaker_inference import content_types, transformer, utils
from sagemaker_inference.errors import BaseInferenceToolkitError

from container import inference

log = logging.getLogger(__name__)


class Transformer(transformer.Transformer):
    """The toolkit's workflow (model_fn, input_fn, predict_fn, output_fn, a user's own first), request by request."""

    def transform(self, data: list[dict], context) -> list:
        """One answer for each request of `data`; statuses and content types go into `context`."""
        return [self._answer(index, request, context) for index, request in enumerate(data)]

    def _answer(self, index: int, request: dict, context) -> str | bytes:
        try:
            headers = context.get_all_request_header(index)
            accept = headers.get("Accept") or headers.get("accept")
            if not accept or accept == content_types.ANY:
                accept = self._environment.default_accept
            body = request.get("body")
            result = self._run_handler_function(
                self._transform_fn, self._model, body, utils.retrieve_content_type_header(headers), accept
            )
            answer, content_type = result if isinstance(result, tuple) else (result, accept)
            context.set_response_content_type(index, content_type)
            return answer
        except Exception as error:
            status, phrase, message = describe(error)
            context.set_response_status(code=status, phrase=utils.remove_crlf(phrase), idx=index)
            context.set_response_content_type(index, content_types.JSON)
            return json.dumps({"error": {"status": status, "message": message}})


def describe(error: Exception) -> tuple[int, str, str]:
    """Status, phrase and message for the client. Our own faults get an id that is also in the log, and no details."""
    if isinstance(error, BaseInferenceToolkitError) and error.status_code < 500:
        return error.status_code, error.phrase, error.message
    fault = uuid.uuid4().hex[:12]
    log.error("fault %s: %s", fault, "".join(traceback.format_exception(error)))
    status = error.status_code if isinstance(error, BaseInferenceToolkitError) else 500
    return status, "Internal Server Error", f"The server failed on this request. Its log has the reason under {fault}."


_transformer = Transformer(
    SimpleNamespace(
        default_model_fn=inference.model_fn,
        default_input_fn=inference.input_fn,
        default_predict_fn=inference.predict_fn,
        default_output_fn=inference.output_fn,
    )
)


def handle(data: list[dict] | None, context) -> list | None:
    """multi-model-server's entry point: without data it loads the model, with data it answers.

    https://github.com/awslabs/multi-model-server/blob/master/docs/custom_service.md
    """
    if data is None:
        _transformer.validate_and_initialize(context.system_properties["model_dir"], context)
        return None
    return _transformer.transform(data, context)
