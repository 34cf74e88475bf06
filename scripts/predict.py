"""`python -m scripts.predict PICTURE...`: classify pictures with the endpoint.

One picture: its classes, best first. Several, or a folder: a line for each. A picture that the model refuses is a
sentence on stderr, and the others go on; status 0 only when every picture has its answer."""

import argparse
import mimetypes
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws.clients import Aws, Call, as_json
from scripts.aws.invocation import Send, Waking, model_error, sender
from scripts.aws.pictures import answer, find_pictures, picture_line, prediction_lines
from scripts.config.names import endpoint, inference_component
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence, explain, is_about_credentials, is_denied
from scripts.console.parallel import in_parallel
from scripts.console.waits import Wait


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="predict", description="Classify pictures with the endpoint.")
    parser.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE", help="a picture, or a folder of pictures")
    parser.add_argument("--parallel", type=int, default=8, metavar="N", help="requests at once, 1 to 64 (8)")
    parser.add_argument("--dry-run", action="store_true", help="print the requests, send nothing")
    add_json_option(parser, "every prediction of every picture as JSON")
    args = parser.parse_args(arguments)
    if not 1 <= args.parallel <= 64:
        parser.error("--parallel must be at least 1 and at most 64")
    found = document(args.json)
    pictures = find_pictures(args.pictures)
    settings = load_settings()
    name = endpoint(settings.prefix)
    if args.dry_run:
        of = {"InferenceComponentName": inference_component(settings.prefix)} if settings.scales_to_zero else {}
        calls = [
            Call("sagemaker-runtime", "InvokeEndpoint", {**_request(name, one), **of, "Body": str(one)})
            for one in pictures
        ]
        found.write_text(as_json(calls))
        return 0
    started = time.monotonic()
    failed = 0
    answered: list[dict[str, object]] = []
    with Wait(f"the endpoint {name}"):
        send = Waking(sender(Aws(settings), name), name)
        for picture, (said, problem) in zip(
            pictures, in_parallel(partial(_ask, send), pictures, args.parallel), strict=True
        ):
            if problem:
                failed += 1
                print(f"error: {picture}: {problem}", file=sys.stderr)
            elif not args.json:
                lines = [picture_line(str(picture), said)] if len(pictures) > 1 else prediction_lines(said)
                print("\n".join(lines), flush=True)
            answered.append({"picture": str(picture), **({"error": problem} if problem else {"answer": said})})
    if args.json:
        found.write(answered)
    if len(pictures) > 1:
        print(
            f"{len(pictures) - failed} of {len(pictures)} pictures classified in {time.monotonic() - started:.1f} s",
            file=sys.stderr,
        )
    return 1 if failed else 0


def _request(name: str, picture: Path) -> dict[str, Any]:
    return {"EndpointName": name, "ContentType": content_type(picture), "Accept": "application/json"}


def content_type(picture: Path) -> str:
    """By its suffix."""
    return mimetypes.guess_type(picture.name)[0] or "application/octet-stream"


def _ask(send: Send, picture: Path) -> tuple[object, str | None]:
    """The model's answer and None, or None and a sentence. Raises what no other picture would fare better with."""
    try:
        return answer(send(picture.read_bytes(), content_type(picture), "").body), None
    except ClientError as error:
        if said := model_error(error):
            return None, f"the model answered {said[0]}: {said[1]}"
        if is_about_credentials(error) or is_denied(error):
            raise
        return None, explain(error)
    except (BotoCoreError, OSError) as error:
        if is_about_credentials(error):
            raise
        return None, explain(error)
    except Failure as failure:
        return None, str(failure)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
