"""A spot job is interrupted at random moments, again and again, and leaves the model of the run that never was.

DRILL=20 in the environment sets how often (`make test-spot`); `make test` does it a few times.
"""

import io
import os
import random
import tarfile

from tests.local_service import until

TIMES = int(os.environ.get("DRILL", "4"))
EPOCHS = 10  # for each interruption, and after the last
LONG = {
    "arch": "shufflenet_v2_x0_5",
    "dropout": "0.2",
    "epochs": str(EPOCHS * (TIMES + 1)),
    "mixup": "0.2",
    "ema": "0.9",
}
ON_THE_CPU = {"Environment": {"CUDA_VISIBLE_DEVICES": ""}}  # where the same seed gives the same bytes


def model_file(local, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(local.read(f"jobs/{name}/output/model.tar.gz"))) as archive:
        return archive.extractfile("model.safetensors").read()


def test_a_job_that_is_interrupted_at_random_moments_leaves_the_same_model(jobs, local):
    undisturbed = jobs.run(changes=ON_THE_CPU, **LONG)
    assert undisturbed.status == "Completed", undisturbed.log
    spot = {
        **ON_THE_CPU,
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": local.uri("drill")},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 3600},
    }
    chance = random.Random(0)
    name = jobs.start(changes=spot, **LONG)
    for interruption in range(TIMES):
        until(lambda: jobs.log(name).count("pictures decoded in ") > interruption, 120)
        goal = jobs.log(name).count("epoch=") + chance.randrange(
            EPOCHS - 2
        )  # and then somewhere in the steps of the next one
        until(lambda: jobs.log(name).count("epoch=") >= goal, 120)
        jobs.interrupt(name)
    job = jobs.ended(name)
    assert job.status == "Completed", job.log
    assert [one["Status"] for one in job.description["SecondaryStatusTransitions"]].count("Interrupted") == TIMES
    assert job.log.count("going on from checkpoint") == TIMES
    assert model_file(local, name) == model_file(local, undisturbed.description["TrainingJobName"])
