"""make stop: the newest job that runs, or the one that is named."""

import pytest

from scripts import stop


@pytest.fixture
def running(sagemaker):
    def summaries(noun, **names):
        return {f"{noun}Summaries": [
            {f"{noun}Name": name.replace("_", "-"), f"{noun}Arn": "a", "CreationTime": created, f"{noun}Status": "InProgress"}
            for name, created in names.items()
        ]}

    sagemaker.answers |= {
        "ListTrainingJobs": summaries("TrainingJob", dogbreed_train_b=20, dogbreed_train_a=10),
        "ListTransformJobs": summaries("TransformJob"),
    }
    return sagemaker


def test_the_newest_job_is_stopped(running):
    assert stop.main([]) == 0
    assert running.request("StopTrainingJob") == {"TrainingJobName": "dogbreed-train-b"}


def test_a_named_job_is_stopped(running):
    assert stop.main(["dogbreed-train-a"]) == 0
    assert running.request("StopTrainingJob") == {"TrainingJobName": "dogbreed-train-a"}


def test_a_job_that_does_not_run_is_a_sentence(running, capsys):
    assert stop.main(["dogbreed-train-c"]) == 1
    assert "dogbreed-train-c is not running in eu-west-1" in capsys.readouterr().err
    assert running.made() == []
