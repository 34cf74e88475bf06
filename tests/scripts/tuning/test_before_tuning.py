"""make tune: the quota must be enough for all trials that run at a time, and the search's longest run is priced."""

from scripts import tune
from tests.scripts.account_services import TRAINING, quotas_are
from tests.scripts.tuning.service import FROZEN


def test_a_quota_below_all_parallel_trials_is_said_before_features_are_computed(
    quotas, ready, feature_jobs, monkeypatch, capsys
):
    monkeypatch.setenv("SAGEMAKER_TRAIN_INSTANCE_COUNT", "1")
    monkeypatch.setenv("SAGEMAKER_TUNE_PARALLEL", "3")
    quotas.answers["GetServiceQuota"] = quotas_are(2)
    assert tune.main(FROZEN) == 1
    assert f"The quota `{TRAINING}` is 2 in eu-west-1, and 3 are wanted." in capsys.readouterr().err
    assert ready.made() == []


def test_the_search_is_priced_with_its_features_job(offices, ready, feature_jobs, capsys):
    assert tune.main(["--no-wait"]) == 0
    plain = capsys.readouterr().err
    assert "2 x ml.g4dn.xlarge cost 1.60 USD an hour, at most 38.40 USD in all. The search is ended" in plain
    assert tune.main(FROZEN) == 0
    assert "at most 43.20 USD in all" in capsys.readouterr().err


def test_a_dry_run_asks_nobody(offices, ready):
    assert tune.main(["--dry-run"]) == 0
    assert [one.calls for one in offices.values()] == [[], []]
