"""What a service that has ended, or was killed, says of processing jobs when it comes back."""

import os
import signal

import pytest

from local_test.background import stop
from local_test.host.folder_lock import is_held
from local_test.host.labels import PROCESSING, find
from tests.local_service import Local, until
from tests.service.processing.conftest import UNTIL_TOLD, Jobs


@pytest.fixture
def own(tmp_path):
    """A service that a test may kill."""
    service = Local(tmp_path / "state")
    yield service
    stop(service.folder)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_service_keeps_what_was_done_and_says_that_what_ran_has_failed(own, engine, train_image, how):
    jobs = Jobs(own, train_image)
    done = jobs.run("echo x > /opt/ml/processing/out/file", outputs={"out": "EndOfJob"})
    running = jobs.start(UNTIL_TOLD, instances=2)
    jobs.until_printed(running, "started")
    assert len(find(engine, PROCESSING, own.address.name)) == 2
    os.kill(own.address.pid, how)
    until(lambda: not is_held(own.folder))

    back = Local(own.folder)
    assert find(engine, PROCESSING, back.address.name) == [] and list((own.folder / "processing-jobs").glob("*")) == []
    jobs = Jobs(back, train_image)
    assert jobs.job(done["ProcessingJobName"]) | {"ResponseMetadata": None} == done | {"ResponseMetadata": None}
    assert back.read(f"{done['ProcessingJobName']}/out/file") == b"x\n"
    failed = jobs.job(running)
    assert failed["ProcessingJobStatus"] == "Failed" and failed["ProcessingEndTime"] >= failed["ProcessingStartTime"]
    assert failed["FailureReason"] == "The local SageMaker ended while this job was running."
    assert "started" in jobs.log(running)
    jobs.api.delete_processing_job(ProcessingJobName=running)
    assert jobs.run("true")["ProcessingJobStatus"] == "Completed"
