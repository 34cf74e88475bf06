"""The functions that answer: this image's, or those of the user's /opt/ml/model/code/inference.py in their place.

sagemaker-inference finds and checks them as it always did. What it does with a request is left out: it answers one error for all requests of
a batch, reads the headers of the first one only, and sends its traceback to the client
(https://github.com/aws/sagemaker-inference-toolkit/blob/master/src/sagemaker_inference/transformer.py).
"""

import inspect
import json
import logging
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from http import HTTPStatus
from types import SimpleNamespace

from mms.context import Context
from sagemaker_inference import content_types, utils
from sagemaker_inference.environment import Environment
from sagemaker_inference.errors import BaseInferenceToolkitError
from sagemaker_inference.transformer import Transformer

from container.serving import inference
from container.serving.job import UNREAD, Job
from container.serving.request_errors import BadRequest

log = logging.getLogger(__name__)
FAILED = object()  # in the place of a result: the job has its error


class WrongFunctions(ValueError):
    """The user's functions cannot work together; the message says why."""


class Functions:
    """Loads the model when it is made. Raises what the user's module, or model_fn, raises; WrongFunctions."""

    def __init__(self, model_dir: str, load_context: Context):
        toolkit = Transformer(
            SimpleNamespace(
                default_model_fn=inference.model_fn,
                default_input_fn=inference.input_fn,
                default_predict_fn=inference.predict_fn,
                default_output_fn=inference.output_fn,
            )
        )
        toolkit.validate_and_initialize(model_dir, load_context)
        environment = Environment()
        users = sys.modules.get(environment.module_name)
        self.model = toolkit._model
        self._default_accept = environment.default_accept
        self._transform = _HandlerFunction(users.transform_fn, 4) if hasattr(users, "transform_fn") else None
        self._input = _HandlerFunction(toolkit._input_fn, 2)
        self._predict = _HandlerFunction(toolkit._predict_fn, 2)
        self._output = _HandlerFunction(toolkit._output_fn, 2)
        own_predict = toolkit._predict_fn is inference.predict_fn
        self._predict_batch = getattr(users, "predict_batch_fn", inference.predict_batch_fn if own_predict else None)
        if self._transform is None and self._predict_batch is inference.predict_batch_fn and not isinstance(self.model, inference.Model):
            raise WrongFunctions(
                f"{environment.module_name}.py brings a model_fn whose model only its own predict_fn, predict_batch_fn or transform_fn can use. "
                "Add one of them."
            )

    @property
    def side_by_side(self) -> bool:
        """Whether two batches may be under way at once: this image's functions allow it, a user's may not."""
        ours = (self._input.function is inference.input_fn, self._output.function is inference.output_fn)
        return self._transform is None and self._predict_batch is inference.predict_batch_fn and all(ours)

    def read_ahead(self, job: Job) -> bool:
        """Read its body before its batch begins, where that is this image's function, which may run in several threads: bodies then are
        read side by side, and a slow URL holds nobody else up. False when the job has its error already."""
        if self._transform is not None or self._input.function is not inference.input_fn:
            return True
        begun = time.time()
        job.input = self._attempt(job, self._read)
        job.seconds_to_read = time.time() - begun
        if job.input is FAILED:
            _say_times(job, {"queue": begun - job.arrived, "input": job.seconds_to_read})
        return job.input is not FAILED

    def answer(self, jobs: Sequence[Job]) -> None:
        """Give each job its answer, status and headers; whatever is wrong with one of them is told to that one alone."""
        begun = time.time()
        if self._transform is not None:
            for job in jobs:
                self._attempt(job, self._transformed)
            read, predicted = begun, time.time()
        else:
            inputs = [(job, job.input if job.input is not UNREAD else self._attempt(job, self._read)) for job in jobs]
            read = time.time()
            predictions = self._predictions([(job, made) for job, made in inputs if made is not FAILED])
            predicted = time.time()
            for job, prediction in predictions:
                self._attempt(job, self._written, prediction)
        finished = time.time()
        for job in jobs:
            queue, reading = begun - job.arrived - job.seconds_to_read, read - begun + job.seconds_to_read
            _say_times(job, {"queue": queue, "input": reading, "predict": predicted - read, "output": finished - predicted}, len(jobs))

    def _predictions(self, inputs: list[tuple[Job, object]]) -> list[tuple[Job, object]]:
        """Those that could be predicted; the others have their error."""
        if not inputs:
            return []
        if self._predict_batch is not None:
            try:
                answers = self._predict_batch([one for _, one in inputs], self.model)
                if not isinstance(answers, Sequence) or len(answers) != len(inputs):
                    raise TypeError(f"predict_batch_fn must return a list of {len(inputs)} predictions, one for each input.")
            except Exception as error:
                if len(inputs) == 1:
                    self._fail(inputs[0][0], error)
                    return []
                # One of them may be to blame: each alone, so that it fails alone.
                return [pair for one in inputs for pair in self._predictions([one])]
            pairs = [(job, answer) for (job, _), answer in zip(inputs, answers)]
        else:
            attempts = [(job, self._attempt(job, self._predicted, one)) for job, one in inputs]
            pairs = [(job, made) for job, made in attempts if made is not FAILED]
        for job, answer in pairs:
            if isinstance(answer, Exception):
                self._fail(job, answer)
        return [(job, answer) for job, answer in pairs if not isinstance(answer, Exception)]

    def _attempt(self, job: Job, work: Callable, *arguments) -> object:
        try:
            return work(job, *arguments)
        except Exception as error:
            self._fail(job, error)
            return FAILED

    def _read(self, job: Job) -> object:
        return self._input(job.context, self._body(job), job.content_type)

    def _predicted(self, job: Job, one: object) -> object:
        return self._predict(job.context, one, self.model)

    def _transformed(self, job: Job) -> None:
        self._finish(job, self._transform(job.context, self.model, self._body(job), job.content_type, self._accept(job)))

    def _written(self, job: Job, prediction: object) -> None:
        self._finish(job, self._output(job.context, prediction, self._accept(job)))

    def _finish(self, job: Job, result: object) -> None:
        answer, content_type = result if isinstance(result, tuple) else (result, self._accept(job))
        job.answer = answer if isinstance(answer, (str, bytes, bytearray)) else json.dumps(answer)
        if not job.context.get_response_content_type(0):
            # The codec counts its characters and sends its bytes, so it must be ASCII; this may be the client's own Accept.
            job.context.set_response_content_type(0, content_type if content_type.isascii() else self._default_accept)
        status, phrase = job.context.get_response_status(0)
        if phrase is None:
            job.context.set_response_status(status, HTTPStatus(status).phrase, 0)

    def _accept(self, job: Job) -> str:
        return job.accept if job.accept and job.accept != content_types.ANY else self._default_accept

    def _body(self, job: Job) -> bytes | str:
        """As the toolkit hands it over: text for JSON and CSV, to functions of the user's; bytes otherwise."""
        users = self._transform is not None or self._input.function is not inference.input_fn
        if not users or job.content_type not in content_types.UTF8_TYPES:
            return job.body
        try:
            return job.body.decode()
        except UnicodeDecodeError as error:
            raise BadRequest(f"The body is not UTF-8, as {job.content_type} must be: {error}.") from error

    def _fail(self, job: Job, error: Exception) -> None:
        status, phrase, body = error_response(error, job.request_id)
        job.answer = body
        job.context.set_response_status(status, phrase, 0)
        job.context.set_response_content_type(0, content_types.JSON)


def _say_times(job: Job, seconds: dict[str, float], batch: int | None = None) -> None:
    """In the response, milliseconds by stage: https://www.w3.org/TR/server-timing/"""
    parts = [f"{name};dur={max(0.0, taken) * 1000:.1f}" for name, taken in seconds.items()]
    if batch is not None:
        parts.append(f'batch;desc="{batch}"')
    job.context.set_response_header(0, "Server-Timing", ", ".join(parts))


def error_response(error: Exception, request_id: str) -> tuple[int, str, str]:
    """Status, phrase and body. A fault of ours, or of the user's functions, goes to the log under the request's id, and nothing of it to the
    client, who is told the id (docker/server/nginx.conf)."""
    if isinstance(error, BaseInferenceToolkitError) and isinstance(error.status_code, int) and 400 <= error.status_code < 500:
        phrase = utils.remove_crlf(str(error.phrase)).encode("ascii", "replace").decode()
        return error.status_code, phrase, json.dumps({"error": {"status": error.status_code, "message": str(error.message)}})
    log.error("fault %s: %s", request_id, "".join(traceback.format_exception(error)))
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return status.value, status.phrase, json.dumps({"error": {"status": status.value, "message": f"The server failed under {request_id}."}})


class _HandlerFunction:
    """A handler function that is given the request's context where it has a parameter for it.

    arguments: how many it takes without. Raises WrongFunctions for one that takes another number.
    """

    def __init__(self, function: Callable, arguments: int):
        self.function = function
        parameters = len(inspect.signature(function).parameters)
        if parameters not in (arguments, arguments + 1):
            raise WrongFunctions(f"{function.__name__} must take {arguments} arguments, or {arguments + 1} with the context, not {parameters}.")
        self._takes_context = parameters == arguments + 1

    def __call__(self, context: Context, *arguments) -> object:
        return self.function(*arguments, context) if self._takes_context else self.function(*arguments)
