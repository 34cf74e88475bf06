"""What multi-model-server starts for a model, in the place of its own worker program: a stand-in for the workers that
PID 1 runs.

multi-model-server's own program forks a process for each of its workers, and each loads the model and computes alone:
no request could share a forward pass with another's. Here each of its workers is a connection to a worker process that
PID 1 keeps (container/serving/server/workers.py), so this program only asks for their socket to be put where
multi-model-server will connect, and lives for as long as the model is registered.

It is started by path, with an interpreter of its own: standard library only, nothing of this project.
"""

import argparse
import json
import os
import socket
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--sock-type", required=True)
parser.add_argument("--sock-name", required=True)
parser.add_argument("--model-name", required=True)
parser.add_argument("--model-path", required=True)
asked, _ = parser.parse_known_args()

with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
    control.connect(os.environ["WORKERS_SOCKET"])
    request = {"socket": asked.sock_name, "model": asked.model_name, "path": asked.model_path}
    control.sendall(json.dumps(request).encode() + b"\n")
    answer = control.makefile().readline()
    if answer != "listening\n":
        sys.exit(f"PID 1 does not run workers for the model {asked.model_name}: {answer}")
    # These three lines are what multi-model-server waits for.
    print(f"[PID] {os.getpid()}\nMMS worker started.\nPython runtime: {sys.version.split()[0]}", flush=True)
    control.recv(1)  # nothing comes; the end of PID 1, or of the model's workers, closes it
sys.exit(1)
