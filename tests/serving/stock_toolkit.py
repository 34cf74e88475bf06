"""sagemaker-inference's own way with a request, inside the serve image: what an endpoint of its own answers, to
compare.
"""

import base64
import json
from dataclasses import dataclass

PROGRAM = """
import base64, json, logging, sys
sys.path.insert(0, "/opt/ml/model/code")
from mms.context import Context, RequestProcessor
from sagemaker_inference.transformer import Transformer

logging.disable(logging.CRITICAL)
context, toolkit, answers = Context("model", "/opt/ml/model", {}, 1, None, "1"), Transformer(), []
for body, headers in json.loads(sys.stdin.read()):
    context.request_processor = [RequestProcessor(headers)]
    [answer] = toolkit.transform([{"body": base64.b64decode(body)}], context)
    status = context.get_response_status(0)[0]
    try:  # as multi-model-server's codec
        answer = answer if isinstance(answer, (str, bytes, bytearray)) else json.dumps(answer)
    except TypeError:
        status, answer = 503, ""
    encoded = base64.b64encode(answer.encode() if isinstance(answer, str) else answer).decode()
    answers.append([status, context.get_response_content_type(0), encoded])
print("answers:" + json.dumps(answers))
"""


@dataclass(frozen=True)
class StockAnswer:
    status: int
    content_type: str | None
    body: bytes


def stock_answers(served, requests: list[tuple[bytes, dict[str, str]]]) -> list[StockAnswer]:
    """requests: body and headers each, of the container's model, which the toolkit loads anew with its own defaults."""
    given = json.dumps([[base64.b64encode(body).decode(), headers] for body, headers in requests])
    program = f"import io, sys\nsys.stdin = io.StringIO({given!r})\n{PROGRAM}"
    said = served.python(program).rpartition("answers:")[2]
    return [
        StockAnswer(status, content_type, base64.b64decode(body)) for status, content_type, body in json.loads(said)
    ]
