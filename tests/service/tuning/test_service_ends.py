"""A service that ends, or is killed, while tuning jobs run: they go on at its next start, and lose no more than what
ran.
"""

import os
import signal

import pytest

from local_test.background import stop
from local_test.clean import remove_all
from local_test.host.folder_lock import is_held
from local_test.host.labels import find
from local_test.host.state import State
from tests.local_service import Local, until
from tests.service.tuning.conftest import Tuning, grid

# The second trial runs until something ends it.
SCRIPT = """
import time
print("epoch=1 valid_accuracy=" + given["x"])
print("epoch=2 valid_accuracy=" + given["x"])
print("ready", flush=True)
time.sleep(600 if given["x"] == "0.2" else 0)
"""
DEAF = "import time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"


@pytest.fixture
def served(engine, trial_image, tmp_path):
    """served() -> the tuning jobs of a running service; asked for again, it is started again."""
    started = []

    def start() -> Tuning:
        started.append(Tuning(Local(tmp_path / "state"), trial_image, tmp_path / "scripts"))
        return started[-1]

    yield start
    for one in started:
        stop(one.local.folder)
        assert remove_all(engine, one.local.address.name) == []


def end_gently(tuning):
    assert stop(tuning.local.folder)


def kill(tuning):
    os.kill(tuning.local.address.pid, signal.SIGKILL)
    until(lambda: not is_held(tuning.local.folder))


def begin_earlier(tuning, name, seconds):
    """As if so much time had passed: MaxRuntimeInSeconds is of the wall clock, also while the service is down."""
    records = State(tuning.local.folder / "records").records("tuning-job")
    records.update(name, CreationTime=records.get(name)["CreationTime"] - seconds)


@pytest.mark.parametrize("end", [end_gently, kill])
def test_tuning_jobs_go_on_with_what_they_have_left(served, engine, end):
    """One with half of its trials left, one whose time is over meanwhile, and one that was being stopped."""
    tuning = served()
    name = tuning.start(
        SCRIPT, grid(x=["0.1", "0.2", "0.3", "0.4"]), strategy="Grid", Tags=[{"Key": "a", "Value": "b"}]
    )
    tuning.until_running(name, 2)
    before = tuning.trials(name)
    late = tuning.start(
        SCRIPT,
        grid(x=["0.1", "0.2", "0.3"]),
        strategy="Grid",
        config={"ResourceLimits": {"MaxParallelTrainingJobs": 1, "MaxRuntimeInSeconds": 120}},
    )
    tuning.until_running(late, 2)
    stopped = tuning.start(DEAF, most=3)
    tuning.until_running(stopped, 1)
    tuning.api.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=stopped)
    end(tuning)
    assert find(engine, service=tuning.local.address.name) == [] or end is kill

    begin_earlier(tuning, late, 1000)
    again = served()
    assert again.ended(stopped)["HyperParameterTuningJobStatus"] == "Stopped" and len(again.trials(stopped)) == 1
    assert again.ended(late)["HyperParameterTuningJobStatus"] == "Completed" and len(again.trials(late)) == 2
    job = again.ended(name)
    trials = again.by(name, "x")
    assert {x: trial["TrainingJobStatus"] for x, trial in trials.items()} == {
        "0.1": "Completed",
        "0.2": "Failed",
        "0.3": "Completed",
        "0.4": "Completed",
    }
    assert "local SageMaker ended while this job was running" in trials["0.2"]["FailureReason"]
    assert trials["0.1"] == before[0] and trials["0.1"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 0.1
    assert trials["0.2"]["ObjectiveStatus"] == "Failed"
    assert (job["HyperParameterTuningJobStatus"], job["BestTrainingJob"]) == ("Completed", trials["0.4"])
    assert again.api.list_tags(ResourceArn=job["HyperParameterTuningJobArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
