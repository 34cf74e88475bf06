"""`python -m scripts.try_endpoint`: a page to try the endpoint with pictures of one's own, until Ctrl+C.

The page is served on this machine alone. Pictures that are dropped, pasted or photographed there go through
InvokeEndpoint under the credentials of this shell, which the page never sees."""

import argparse
import sys

from scripts.aws.clients import Aws
from scripts.aws.invocation import sender
from scripts.config.names import endpoint
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.console.make import make
from scripts.try_page.server import PageServer


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="try", description="Serve a page to try the endpoint, until Ctrl+C.")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="of the page; default: any that is free")
    add_json_option(parser, "the page's address as one JSON document")
    args = parser.parse_args(arguments)
    if not 0 <= args.port <= 65535:
        parser.error("--port must be at least 0 and at most 65535")
    found = document(args.json)
    settings = load_settings()
    name, aws = endpoint(settings.prefix), Aws(settings)
    send = sender(aws, name)
    facts = {"name": name, "region": aws.region, "service": aws.client("sagemaker-runtime").meta.endpoint_url}
    try:
        server = PageServer(args.port, send, facts)
    except OSError as error:
        raise Failure(
            f"The port {args.port} cannot be had ({error.strerror}). Leave --port out for a free one."
        ) from error
    with server:
        print(f"endpoint {name} of {facts['service']}", file=sys.stderr)
        print(f"open {server.address}", flush=True)
        if args.json:
            found.write({"endpoint": name, "address": server.address})
        print(
            f"Ctrl+C ends the page. The endpoint stays, and costs money until `{make('delete')}`.",
            file=sys.stderr,
            flush=True,
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nthe page has ended", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
