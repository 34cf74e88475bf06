"""What this program uses of multi-model-server's Python modules: the context of a request, which handler functions get,
and the codec of its connections to a worker.

None of it is public API: multi-model-server documents the methods of a context alone. Of its Java program
container/serving/server/model_server.py and model_server_home know more: the command line, and what it expects of the
program that it starts for a model.
"""

from collections.abc import Mapping

from container.runtime.library_internals import internals_of, require_parameters

with internals_of("multi-model-server", "docker/requirements/serve.txt", "container/serving/mms_internals.py"):
    import mms
    from mms.context import Context, RequestProcessor
    from mms.protocol.otf_message_handler import create_load_model_response, create_predict_response, retrieve_msg
    from mms.service import Service

    require_parameters(Context, "model_name", "model_dir", "manifest", "batch_size", "gpu", "mms_version")
    require_parameters(RequestProcessor, "request_header")
    require_parameters(retrieve_msg, "conn")
    require_parameters(create_load_model_response, "code", "message")
    require_parameters(create_predict_response, "ret", "req_id_map", "message", "code", "context")
    require_parameters(Service.retrieve_data_for_inference, "batch")

__all__ = [
    "Context",
    "Service",
    "create_load_model_response",
    "create_predict_response",
    "model_context",
    "request_context",
    "retrieve_msg",
    "same_request",
]


def model_context(model_name: str, model_dir: str, batch_size: int = 1) -> Context:
    """The context that a model is loaded with: it belongs to no request. batch_size: requests in a batch at most."""
    return Context(model_name, model_dir, {}, batch_size, None, mms.__version__)


def request_context(model_name: str, model_dir: str, request_id: str, headers: Mapping[str, str]) -> Context:
    """The context of one request, whose index in it is 0, without a status or headers of its response.

    Args:
        model_name: as multi-model-server knows the model.
        model_dir: folder of the model.
        request_id: the client's X-Request-Id.
        headers: of the request, as handler functions see them.
    """
    context = model_context(model_name, model_dir)
    context.request_ids = {0: request_id}
    context.request_processor = [RequestProcessor(headers)]
    return context


def same_request(context: Context) -> Context:
    """A new context for the request of `context`, as it was before its response."""
    return request_context(
        context.model_name,
        context.system_properties["model_dir"],
        context.get_request_id(),
        context.get_all_request_header(0),
    )
