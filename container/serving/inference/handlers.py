"""The functions that answer: those of the user's /opt/ml/model/code/inference.py, and in the place of those that it
leaves out the ones that go with its model (container/serving/inference/default_handlers.py).

sagemaker-inference finds them (container/serving/inference/inference_toolkit.py). Requests are answered one by one
where they fail: each has its own status, headers and error."""

import inspect
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sagemaker_inference import content_types
from sagemaker_inference.errors import UnsupportedFormatError

from container.model.model_file import FILE_NAME, UnusableCheckpoint
from container.serving.inference import picture_functions
from container.serving.inference.default_handlers import default_handlers
from container.serving.inference.inference_toolkit import load_user_functions, without_model_fn
from container.serving.mms_internals import Context
from container.serving.request.answer_options import asks_for_timing
from container.serving.request.array_formats import write_json
from container.serving.request.content_type import body_for_functions
from container.serving.request.header_text import is_sendable, one_line_of_ascii, take_out_unsendable
from container.serving.request.invocation import UNREAD, Invocation, cause_of
from container.serving.request.request_errors import NoAnswer, error_response, of_output, of_transform

CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
FAILED = object()  # in the place of a result: the invocation has its error


class WrongHandlers(ValueError):
    """The user's functions cannot work together; the message says why."""


class Handlers:
    """Loads the model when it is made. Raises what the user's module, or model_fn, raises; WrongHandlers.

    step: called when a part of a batch is done (container/serving/server/worker_telemetry.py).
    """

    _step: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, model_dir: str, load_context: Context):
        try:
            users = load_user_functions(model_dir, load_context, picture_functions.model_fn)
        except UnusableCheckpoint as error:
            raise WrongHandlers(f"{error}{without_model_fn((Path(model_dir) / FILE_NAME).is_file())}") from error
        self.model, self._default_accept = users.model, users.default_accept
        defaults = default_handlers(self.model)
        predicts = bool(users.predict_fn or users.predict_batch_fn)
        self._transform = _HandlerFunction(users.transform_fn, 4) if users.transform_fn else None
        self._input = _HandlerFunction(users.input_fn or defaults.input_fn, 2)
        self._output = _HandlerFunction(
            users.output_fn or (defaults.users_output_fn if predicts else defaults.output_fn), 2
        )
        # A predict_fn of the user's is not passed over for a predict_batch_fn of this image's.
        self._predict_batch = users.predict_batch_fn or (None if users.predict_fn else defaults.predict_batch_fn)
        predict = users.predict_fn or defaults.predict_fn
        self._predict = _HandlerFunction(predict, 2) if predict else None
        if not (self._transform or self._predict or self._predict_batch):
            raise WrongHandlers(
                f"{users.module_name}.py has no predict_fn, and its model_fn returned an object of type "
                f"{type(self.model).__name__}, which only its author can call. Add a predict_fn, a predict_batch_fn "
                "or a transform_fn, or return a torch.nn.Module."
            )

    @property
    def step(self) -> Callable[[], None]:
        return self._step

    @step.setter
    def step(self, step: Callable[[], None]) -> None:
        self._step = step
        if isinstance(self.model, picture_functions.Model):
            self.model.step = step

    @property
    def side_by_side(self) -> bool:
        """Whether two batches may be under way at once: this image's functions allow it, a user's may not."""
        ours = (
            self._input.function is picture_functions.input_fn,
            self._output.function is picture_functions.output_fn,
        )
        return self._transform is None and self._predict_batch is picture_functions.predict_batch_fn and all(ours)

    def read_ahead(self, invocation: Invocation) -> bool:
        """Read its body before its batch begins, where that is this image's function, which may run in several threads:
        bodies then are read side by side, and a slow URL holds nobody else up. False when the invocation has its error
        already."""
        if self._transform is not None or self._input.function is not picture_functions.input_fn:
            return True
        begun = time.time()
        invocation.input = self._attempt(invocation, self._read)
        invocation.seconds_to_read = time.time() - begun
        if invocation.input is FAILED:
            _say_times(invocation, {"queue": begun - invocation.arrived, "input": invocation.seconds_to_read})
        return invocation.input is not FAILED

    def answer(self, invocations: Sequence[Invocation]) -> None:
        """Give each invocation its answer, status and headers; whatever is wrong with one of them is told to that one
        alone.
        """
        begun = time.time()
        if self._transform is not None:
            for invocation in invocations:
                self._attempt(invocation, self._transformed, self._transform)
            read, predicted = begun, time.time()
        else:
            inputs = [
                (
                    invocation,
                    invocation.input if invocation.input is not UNREAD else self._attempt(invocation, self._read),
                )
                for invocation in invocations
            ]
            read = time.time()
            predictions = self._predictions([(invocation, made) for invocation, made in inputs if made is not FAILED])
            predicted = time.time()
            for invocation, prediction in predictions:
                self._attempt(invocation, self._written, prediction)
        finished = time.time()
        for invocation in invocations:
            queue, reading = (
                begun - invocation.arrived - invocation.seconds_to_read,
                read - begun + invocation.seconds_to_read,
            )
            _say_times(
                invocation,
                {"queue": queue, "input": reading, "predict": predicted - read, "output": finished - predicted},
                len(invocations),
            )

    def settle(self, invocation: Invocation) -> None:
        """An invocation that is done but was left without an answer, since the thread that computed it was ended, is a
        fault: it would be an empty 200."""
        if invocation.answer is None:
            self.fail(invocation, NoAnswer("The functions were ended before they had an answer."))

    def fail(self, invocation: Invocation, error: BaseException) -> None:
        """Answer it with the error's status, or as a fault."""
        status, phrase, invocation.answer = error_response(error, invocation.request_id)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            invocation.fault = cause_of(error)
        take_out_unsendable(invocation.context.get_response_headers(0))
        invocation.context.set_response_status(status, phrase, 0)
        invocation.context.set_response_content_type(0, content_types.JSON)

    def _predictions(self, inputs: list[tuple[Invocation, object]]) -> list[tuple[Invocation, object]]:
        """Those that could be predicted; the others have their error."""
        if not inputs:
            return []
        if self._predict_batch is not None:
            try:
                answers = self._predict_batch([one for _, one in inputs], self.model)
                if not isinstance(answers, Sequence) or len(answers) != len(inputs):
                    found = f"{len(answers)} of them" if isinstance(answers, Sequence) else type(answers).__name__
                    raise TypeError(
                        f"predict_batch_fn must return a list of {len(inputs)} predictions, one for each input, not "
                        f"{found}."
                    )
            except BaseException as error:
                if len(inputs) == 1:
                    self.fail(inputs[0][0], error)
                    return []
                # One of them may be to blame: each alone, so that it fails alone.
                return [pair for one in inputs for pair in self._predictions([one])]
            finally:
                self.step()
            pairs = [(invocation, answer) for (invocation, _), answer in zip(inputs, answers, strict=True)]
        else:
            attempts = [(invocation, self._attempt(invocation, self._predicted, one)) for invocation, one in inputs]
            pairs = [(invocation, made) for invocation, made in attempts if made is not FAILED]
        for invocation, answer in pairs:
            if isinstance(answer, BaseException):
                self.fail(invocation, answer)
        return [(invocation, answer) for invocation, answer in pairs if not isinstance(answer, BaseException)]

    def _attempt(self, invocation: Invocation, work: Callable[..., Any], *arguments: object) -> object:
        """A user's sys.exit() or KeyboardInterrupt, too, is one request's fault: it would end the thread that answers
        all of them.
        """
        try:
            return work(invocation, *arguments)
        except BaseException as error:
            self.fail(invocation, error)
            return FAILED
        finally:
            self.step()

    def _read(self, invocation: Invocation) -> object:
        if self._input.function is picture_functions.input_fn:  # it knows more types, and how they may be written
            return self._input(invocation.context, invocation.body, invocation.content_type)
        return self._input(invocation.context, *body_for_functions(invocation.body, invocation.content_type))

    def _predicted(self, invocation: Invocation, one: object) -> object:
        assert self._predict is not None  # there is one where there is no predict_batch_fn
        return self._predict(invocation.context, one, self.model)

    def _transformed(self, invocation: Invocation, transform: "_HandlerFunction") -> None:
        body, content_type = body_for_functions(invocation.body, invocation.content_type)
        accept = self._accept(invocation)
        try:
            self._finish(
                invocation, transform(invocation.context, self.model, body, content_type, accept), "transform_fn"
            )
        except UnsupportedFormatError as error:
            raise of_transform(error, content_type, accept) from error

    def _written(self, invocation: Invocation, prediction: object) -> None:
        try:
            self._finish(
                invocation, self._output(invocation.context, prediction, self._accept(invocation)), "output_fn"
            )
        except UnsupportedFormatError as error:
            raise of_output(error) from error

    def _finish(self, invocation: Invocation, result: object, function: str) -> None:
        """result: a body, or a body and its content type. A body that is neither text nor bytes is sent as JSON."""
        answer, content_type = result[:2] if isinstance(result, tuple) else (result, None)
        if answer is None:
            raise NoAnswer(f"{function} returned None, which is no answer. Return a body, or a body and its type.")
        if not isinstance(answer, (str, bytes, bytearray)):
            answer, content_type = write_json(answer), content_type or content_types.JSON
        if unsendable := take_out_unsendable(invocation.context.get_response_headers(0)):
            raise NoAnswer(
                f"The functions set response headers that cannot be sent: {', '.join(unsendable)}. A name has letters, "
                "digits and hyphens, a value is text without line breaks."
            )
        wanted = (
            invocation.context.get_response_content_type(0),
            content_type,
            self._accept(invocation),
            self._default_accept,
        )
        invocation.context.set_response_content_type(
            0, next((one for one in wanted if one and is_sendable(one)), content_types.JSON)
        )
        status, phrase = invocation.context.get_response_status(0)
        status = HTTPStatus.OK if status is None else status
        if (
            not isinstance(status, int) or not 200 <= status <= 599
        ):  # multi-model-server would send it, and the client would wait, or understand nothing
            raise NoAnswer(f"The functions set the status {status!r}, and a response has one from 200 to 599.")
        invocation.context.set_response_status(
            status, HTTPStatus(status).phrase if phrase is None else one_line_of_ascii(phrase), 0
        )
        invocation.answer = answer

    def _accept(self, invocation: Invocation) -> str:
        return (
            invocation.accept if invocation.accept and invocation.accept != content_types.ANY else self._default_accept
        )


def _say_times(invocation: Invocation, seconds: dict[str, float], batch: int | None = None) -> None:
    """In the response, milliseconds by stage: https://www.w3.org/TR/server-timing/"""
    parts = [f"{name};dur={max(0.0, taken) * 1000:.1f}" for name, taken in seconds.items()]
    if batch is not None:
        parts.append(f'batch;desc="{batch}"')
    timing = ", ".join(parts)
    invocation.context.set_response_header(0, "Server-Timing", timing)
    asked = {name.lower(): value for name, value in invocation.context.get_all_request_header(0).items()}
    if asks_for_timing(asked.get(CUSTOM_ATTRIBUTES.lower())):
        # The functions may have set it, and it is theirs.
        given = invocation.context.get_response_headers(0)
        if not any(name.lower() == CUSTOM_ATTRIBUTES.lower() for name in given):
            invocation.context.set_response_header(0, CUSTOM_ATTRIBUTES, timing)


class _HandlerFunction:
    """A handler function that is given the request's context where it has a parameter for it.

    arguments: how many it takes without. Raises WrongHandlers for one that takes another number.
    """

    def __init__(self, function: Callable[..., Any], arguments: int):
        self.function = function
        parameters = len(inspect.signature(function).parameters)
        if parameters not in (arguments, arguments + 1):
            raise WrongHandlers(
                f"{function.__name__} must take {arguments} arguments, or {arguments + 1} with the context, not "
                f"{parameters}."
            )
        self._takes_context = parameters == arguments + 1

    def __call__(self, context: Context, *arguments: object) -> object:
        return self.function(*arguments, context) if self._takes_context else self.function(*arguments)
