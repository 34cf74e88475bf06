"""TorchServe with its own handler for classifying pictures, in batches; defaults otherwise.

https://github.com/pytorch/serve/blob/master/docs/batch_inference_with_ts.md
"""

import os
import subprocess
from pathlib import Path

MODEL, STORE = "/opt/ml/model", Path("/tmp/store")
BATCH_SIZE, WAIT = 8, 10  # pictures, and the milliseconds that a batch waits for more

if __name__ == "__main__":
    STORE.mkdir()
    settings = STORE / "model-config.yaml"
    settings.write_text(f"batchSize: {BATCH_SIZE}\nmaxBatchDelay: {WAIT}\n")
    subprocess.run(
        [
            "torch-model-archiver",
            "--model-name",
            "dogs",
            "--version",
            "1.0",
            "--model-file",
            Path(__file__).with_name("ordinary_net.py"),
            "--serialized-file",
            f"{MODEL}/model.pth",
            "--handler",
            "image_classifier",
            "--extra-files",
            f"{MODEL}/index_to_name.json",
            "--config-file",
            settings,
            "--export-path",
            STORE,
            "--archive-format",
            "no-archive",
        ],
        check=True,
    )
    start = [
        "torchserve",
        "--start",
        "--foreground",
        "--ncs",
        "--disable-token-auth",
        "--model-store",
        str(STORE),
        "--models",
        "dogs=dogs",
    ]
    os.execvp(start[0], start)
