#!/opt/venv/bin/python3 -S
"""The `train` of the tests' trials: runs run.py of the channel `code`, with the hyperparameters in `given`.

It ends on SIGTERM, which the first process of a container would not do by itself.
"""

import json
import signal
import sys
from pathlib import Path


def terminated(signum, frame):
    print("got TERM", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, terminated)
given = json.loads(Path("/opt/ml/input/config/hyperparameters.json").read_text())
exec(compile(Path("/opt/ml/input/data/code/run.py").read_text(), "run.py", "exec"))
