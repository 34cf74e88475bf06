"""The request that docs/training.md shows runs a script of one's own, as it stands there."""

import json
import os
import subprocess
import sys
import tarfile
from io import BytesIO

from local_test.environment import exports
from tests.local_service import until
from tests.project.documentation import ROOT, blocks
from tests.service.program_image import archive

SCRIPT = b"""import json, os, sys
seen = {"arguments": sys.argv[1:], "data": sorted(os.listdir(os.environ["SM_CHANNEL_TRAINING"]))}
with open(os.path.join(os.environ["SM_MODEL_DIR"], "seen.json"), "w") as file:
    json.dump(seen, file)
"""


def test_the_request_of_the_page_about_training_runs_the_script(local, train_image):
    [program] = [one for one in blocks(ROOT / "docs/training.md", "python") if "create_training_job" in one.text]
    local.put("code/sourcedir.tar.gz", archive({"train.py": SCRIPT}, "w:gz"))
    local.put("data/a.txt", b"data")
    lines = exports(local.address, local.folder, os.environ, "sh")
    subprocess.run(
        ["sh", "-c", "\n".join([*lines, 'exec "$@"']), "sh", sys.executable, "-c", program.text],
        env=os.environ | {"TRAIN_IMAGE": train_image},
        check=True,
    )
    sagemaker = local.client("sagemaker")

    def ended():
        job = sagemaker.describe_training_job(TrainingJobName="own-script")
        return job if job["TrainingJobStatus"] in ("Completed", "Failed") else None

    job = until(ended, 120)
    assert job["TrainingJobStatus"] == "Completed", job
    model = local.read(job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(local.uri("")))
    with tarfile.open(fileobj=BytesIO(model)) as packed:
        seen = json.load(packed.extractfile("seen.json"))
    assert seen["arguments"] == ["--epochs", "3"] and "a.txt" in seen["data"]  # other tests' objects may be there, too
