#!/usr/bin/env python3
"""`serve` of an image that somebody else wrote: sagemaker-inference starts multi-model-server as it comes, with a
handler of the image's own, as multi_model_catboost of https://github.com/aws/amazon-sagemaker-examples does.
"""

import os
import shutil
from pathlib import Path

HANDLER = "/home/model_handler.py"  # this file, under a name that the server takes for a module


class ModelHandler:
    def __init__(self):
        self.initialized = False

    def initialize(self, context):
        self.name = Path(context.system_properties["model_dir"], "name").read_text()
        if len(workers()) > int(os.environ.get("MOST_MODELS", "99")):
            raise MemoryError
        self.initialized = True

    def handle(self, data, context):
        body = data[0].get("body") or data[0].get("data")
        return [f"{self.name} got {len(body)}"]


def workers():
    """Processes of loaded models: the server's own children. Each has a child that computes, which may outlive it by a
    while when its model is taken away.
    """
    import psutil

    known = {one.pid: one.info for one in psutil.process_iter(["name", "ppid", "cmdline"])}
    found = [(pid, one["ppid"]) for pid, one in known.items() if "model_service_worker" in str(one["cmdline"])]
    return [pid for pid, parent in found if parent in known and known[parent]["name"] == "java"]


_service = ModelHandler()


def handle(data, context):
    if not _service.initialized:
        _service.initialize(context)
    return None if data is None else _service.handle(data, context)


if __name__ == "__main__":
    from sagemaker_inference import model_server

    shutil.copy(__file__, HANDLER)
    model_server.start_model_server(handler_service=f"{HANDLER}:handle")
