"""A training job that is watched: what the platform's configurations ask for, what comes to S3, and what Describe says
of the rules.
"""

import io
import json
import tarfile

from tests.local_service import until

WATCHED = {
    "debugger": "true",
    "profiler": "true",
    "epochs": "4",
    "rules": "LossNotDecreasing,VanishingGradient(threshold=1000000)",
}


def rule(name: str) -> dict:
    return {
        "RuleConfigurationName": f"my-{name}",
        "RuleEvaluatorImage": "rules:latest",
        "RuleParameters": {"rule_to_invoke": name},
    }


def test_tensors_profile_rules_and_report_are_where_the_request_says(jobs, local):
    job = jobs.run(
        changes={
            "DebugHookConfig": {
                "S3OutputPath": local.uri("debug"),
                "CollectionConfigurations": [
                    {"CollectionName": name, "CollectionParameters": {"save_interval": "2"}}
                    for name in ("losses", "gradients")
                ],
            },
            "ProfilerConfig": {"S3OutputPath": local.uri("profile"), "ProfilingIntervalInMilliseconds": 100},
            "DebugRuleConfigurations": [rule("LossNotDecreasing"), rule("VanishingGradient"), rule("Overfit")],
        },
        **WATCHED,
    )
    assert job.status == "Completed", job.log
    name = job.description["TrainingJobName"]
    tensors = local.keys(f"debug/{name}/debug-output/")
    assert any("/events/000000000002/" in key for key in tensors) and not any(
        "/events/000000000001/" in key for key in tensors
    )
    assert any(key.endswith("training_job_end.ts") for key in tensors) and any(
        "/collections/" in key for key in tensors
    )
    assert any(
        "/system/incremental/" in key and key.endswith(".algo-1.json")
        for key in local.keys(f"profile/{name}/profiler-output/")
    )
    found = {
        one["RuleConfigurationName"]: one["RuleEvaluationStatus"]
        for one in job.description["DebugRuleEvaluationStatuses"]
    }
    assert found == {
        "my-LossNotDecreasing": "NoIssuesFound",
        "my-VanishingGradient": "IssuesFound",
        "my-Overfit": "Error",
    }
    with tarfile.open(fileobj=io.BytesIO(local.read(f"jobs/{name}/output/output.tar.gz"))) as archive:
        assert {"report.html", "report.json", "rules.json", "evaluation.json"} <= set(archive.getnames())
        report = json.load(archive.extractfile("report.json"))
    assert report["job"] == name and report["status"] == "Completed" and len(report["epochs"]) == 4
    assert [one["status"] for one in report["rules"]] == ["NoIssuesFound", "IssuesFound"]


def test_an_interrupted_job_goes_on_with_the_figures_of_its_first_epochs(jobs, local):
    spot = {
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": local.uri("watched")},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 3600},
    }
    name = jobs.start(changes=spot, **{**WATCHED, "epochs": "12"})
    until(lambda: "epoch=2 " in jobs.log(name), 120)
    jobs.interrupt(name)
    job = jobs.ended(name)
    assert job.status == "Completed" and "going on from checkpoint" in job.log, job.log
    with tarfile.open(fileobj=io.BytesIO(local.read(f"jobs/{name}/output/output.tar.gz"))) as archive:
        report = json.load(archive.extractfile("report.json"))
    assert [one["epoch"] for one in report["epochs"]] == list(range(1, 13))
    assert f"best epoch: {report['best_epoch']}, " in job.log
