"""`python -m local_test.predict PICTURE`: send one picture to the endpoint that `make local-serve` started."""

import argparse
import json
import mimetypes
import sys
from pathlib import Path

from local_test.endpoint import EndpointFailed, ModelError, find_endpoint
from local_test.engine import NoEngine, connect


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Send one picture to the local endpoint.")
    parser.add_argument("picture", type=Path)
    picture = parser.parse_args(arguments).picture
    content_type = mimetypes.guess_type(picture.name)[0] or "application/octet-stream"
    try:
        answer = find_endpoint(connect()).invoke(picture.read_bytes(), content_type)
    except (NoEngine, EndpointFailed, ModelError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    try:
        lines = [f"{one['probability']:7.2%}  {one['label']}" for one in json.loads(answer)["predictions"]]
    except (ValueError, KeyError, TypeError):
        lines = [answer.decode(errors="replace")]  # a user's own output_fn may answer anything
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
