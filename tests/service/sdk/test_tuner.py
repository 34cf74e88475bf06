"""The SageMaker Python SDK's tuner, as its makers ship it, against the local SageMaker."""

import json

from tests.local_service import until
from tests.service.sdk.in_shell import ROOT, in_shell
from tests.service.sdk.test_unmodified_clients import SDK

TRIAL = """
print(json.dumps(given))
for epoch in range(int(given["epochs"].strip('"'))):
    print(f"epoch={epoch + 1} valid_accuracy={1 - float(given['lr'])}")
"""


def test_a_tuner_fits_finds_the_best_and_starts_again_from_it(local, trial_image, tmp_path):
    (tmp_path / "run.py").write_text(TRIAL)
    printed = in_shell(local, SDK / "python", ROOT / "tests/service/sdk/tuner.py", trial_image, tmp_path)
    result = json.loads(printed.rpartition("RESULT ")[2])
    describe = local.client("sagemaker").describe_hyper_parameter_tuning_job
    job = describe(HyperParameterTuningJobName=result["tuning_job"])
    assert (
        job["HyperParameterTuningJobStatus"] == "Completed"
        and job["TrainingJobStatusCounters"]["Completed"] == len(result["table"]) == 3
    )
    assert result["best"] == job["BestTrainingJob"]["TrainingJobName"]
    best = max(result["table"], key=lambda row: row["FinalObjectiveValue"])
    assert best["TrainingJobName"] == result["best"] and best["FinalObjectiveValue"] == 1 - best["lr"]
    assert all(
        0.0001 <= row["lr"] <= 0.1 and row["depth"] in range(1, 9) and row["batch-size"] in (32, 64)
        for row in result["table"]
    )
    given = json.loads(local.log("/aws/sagemaker/TrainingJobs", f"{result['best']}/").splitlines()[0])
    assert (
        given["batch-size"] in ("32", "64") and given.items() >= job["BestTrainingJob"]["TunedHyperParameters"].items()
    )
    assert result["best_hyperparameters"].keys() == given.keys()
    assert result["attached"] == [result["best"], "ml.g4dn.xlarge", 3]
    again = until(
        lambda: (
            (job := describe(HyperParameterTuningJobName=result["warm_started"]))["HyperParameterTuningJobStatus"]
            == "Completed"
            and job
        )
    )
    assert again["WarmStartConfig"]["ParentHyperParameterTuningJobs"] == [
        {"HyperParameterTuningJobName": result["tuning_job"]}
    ]
    assert again["OverallBestTrainingJob"]["TuningJobName"] in (result["tuning_job"], result["warm_started"])
