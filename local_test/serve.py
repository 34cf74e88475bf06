"""`python -m local_test.serve --image IMAGE`: serve a model here until Ctrl-C."""

import argparse
import sys
from pathlib import Path

from local_test.endpoint import EndpointFailed, serve
from local_test.engine import NoEngine, connect
from local_test.termination import run


def newest_model(output: Path) -> Path:
    """The model.tar.gz that was written last under `output`. Raises ValueError when there is none."""
    models = sorted(output.glob("*/output/model.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise ValueError(f"There is no model under {output}. Train one with `make local-train`, or name one: MODEL=path.")
    return models[-1]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Serve a model on this machine until Ctrl-C.")
    parser.add_argument("--image", required=True)
    parser.add_argument("--model", type=Path, help="a model.tar.gz; default: the newest one under --output")
    parser.add_argument("--output", type=Path, default=Path("out/local"))
    chosen = parser.parse_args(arguments)
    try:
        model = chosen.model or newest_model(chosen.output)
        with serve(connect(), "local-serve", chosen.image, model) as endpoint:
            print(f"{model} is in service at {endpoint.url}/invocations after {endpoint.ready_seconds:.1f} s. Ctrl-C ends it.")
            for chunk in endpoint.container.logs(stream=True, follow=True, tail=0):
                print(chunk.decode(errors="replace"), end="")
            print("error: the container ended by itself", file=sys.stderr)
            return 1
    except KeyboardInterrupt:
        return 0
    except (NoEngine, EndpointFailed, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    run(main)
