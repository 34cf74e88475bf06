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
        answer = json.loads(find_endpoint(connect()).invoke(picture.read_bytes(), content_type))
    except (NoEngine, EndpointFailed, ModelError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for prediction in answer["predictions"]:
        print(f"{prediction['probability']:7.2%}  {prediction['label']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
