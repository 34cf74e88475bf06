"""make delete looks once more: what still runs after all is a failure with a table, and nothing is a line."""

import pytest

from scripts import delete
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.things_there import Account


@pytest.fixture
def account(sagemaker, aws, bucket, monkeypatch):
    monkeypatch.setattr(delete, "SECONDS_TO_BE_GONE", 0.05)
    return Account(sagemaker)


def test_that_nothing_runs_any_more_is_looked_up_and_said(account, capsys):
    assert delete.main(["--yes"]) == 0
    assert "nothing of dogbreed runs in eu-west-1 any more" in capsys.readouterr().out


def test_a_job_that_somebody_started_meanwhile_is_found(account, sagemaker, capsys):
    def endpoint_gone(request):
        account.jobs["TrainingJob"]["dogbreed-train-new"] = "InProgress"
        return account.set_endpoint(None)

    sagemaker.answers["DeleteEndpoint"] = endpoint_gone
    assert delete.main(["--yes"]) == 1
    shown = capsys.readouterr()
    assert "dogbreed-train-new" in shown.out.splitlines()[-2] + shown.out.splitlines()[-1]
    assert "1 of them still there: run `make delete` again, or it goes on costing money." in shown.err
    assert "runs in eu-west-1 any more" not in shown.out


def test_a_list_that_is_behind_is_waited_for(account, sagemaker, monkeypatch, capsys):
    monkeypatch.setattr(delete, "SECONDS_TO_BE_GONE", 60)
    listed = []

    def behind(request):
        found = account.list_jobs("TrainingJob", request)
        if account.endpoint is None and len(listed) < 4:
            listed.append(1)
            found["TrainingJobSummaries"][0]["TrainingJobStatus"] = "Stopping"
        return found

    sagemaker.answers["ListTrainingJobs"] = behind
    assert delete.main(["--yes"]) == 0
    assert "nothing of dogbreed runs" in capsys.readouterr().out and len(listed) == 4


def test_what_may_not_be_looked_at_is_not_called_gone(account, sagemaker, capsys):
    sagemaker.answers["ListTrainingJobs"] = Refusal("AccessDeniedException", "No.")
    assert delete.main(["--yes"]) == 1
    assert "runs in eu-west-1 any more" not in capsys.readouterr().out
