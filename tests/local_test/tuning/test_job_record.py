"""What Describe and List answer about tuning jobs and their trials."""

from local_test.tuning.job_record import describe, training_job_summary, tuning_job_summary
from tests.local_test.tuning.tuning_job import NOTHING, changed, record, trial

TRIALS = [
    trial(1, values=[0.1, 0.5], TrainingStartTime=1002.0, TrainingEndTime=1003.0),
    trial(2, "Failed", [0.9], FailureReason="AlgorithmError: , exit code: 1"),
    trial(3, "Stopped", [0.2]),
    trial(4),
    trial(5, "InProgress", [0.8]),
    trial(6, "Stopping", [0.8]),
]


def test_what_aws_fills_in_is_filled_in_and_the_rest_repeats_the_request():
    answer = describe(record(), [], 1000.0)
    asked = changed()
    definition = asked["TrainingJobDefinition"]
    switches = dict.fromkeys(
        ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"), False
    )
    static = {"_tuning_objective_metric": "valid_accuracy", "epochs": "9"}
    assert answer["TrainingJobDefinition"] == {**definition, **switches, "StaticHyperParameters": static}
    ranges = {"IntegerParameterRanges": [], **asked["HyperParameterTuningJobConfig"]["ParameterRanges"]}
    assert answer["HyperParameterTuningJobConfig"] == {
        **asked["HyperParameterTuningJobConfig"],
        "TrainingJobEarlyStoppingType": "Off",
        "ParameterRanges": ranges,
    }
    assert (answer["HyperParameterTuningJobStatus"], answer["CreationTime"]) == ("InProgress", 1000.0)


def test_resources_stand_where_attach_of_the_sdk_looks_for_them():
    resources = {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30}
    job = record(
        ("TrainingJobDefinition.ResourceConfig", NOTHING),
        ("TrainingJobDefinition.HyperParameterTuningResourceConfig", resources),
    )
    definition = describe(job, [], 1000.0)["TrainingJobDefinition"]
    assert definition["ResourceConfig"] == definition["HyperParameterTuningResourceConfig"] == resources
    assert describe(job, [], 1000.0)["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] == "Off"


def test_a_range_without_a_scale_has_the_scale_auto():
    unscaled = {"Name": "lr", "MinValue": "0.001", "MaxValue": "0.1"}
    tuning_job = record(("HyperParameterTuningJobConfig.ParameterRanges.ContinuousParameterRanges", [unscaled]))
    assert describe(tuning_job, [], 0.0)["HyperParameterTuningJobConfig"]["ParameterRanges"][
        "ContinuousParameterRanges"
    ] == [{**unscaled, "ScalingType": "Auto"}]


def test_a_seed_that_was_drawn_is_the_services_own_affair():
    drawn, given = record(), record(("HyperParameterTuningJobConfig.RandomSeed", 3))
    assert (
        "RandomSeed" not in describe(drawn, [], 0.0)["HyperParameterTuningJobConfig"]
        and drawn["Search"]["RandomSeed"] == 5
    )
    assert describe(given, [], 0.0)["HyperParameterTuningJobConfig"]["RandomSeed"] == given["Search"]["RandomSeed"] == 3
    assert "Search" not in describe(drawn, [], 0.0)


def test_counters_are_by_status_and_by_what_became_of_the_objective():
    answer = describe(record(), TRIALS, 1000.0)
    assert answer["TrainingJobStatusCounters"] == {
        "Completed": 2,
        "InProgress": 2,
        "RetryableError": 0,
        "NonRetryableError": 1,
        "Stopped": 1,
    }
    assert answer["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 2, "Failed": 2}
    summary = tuning_job_summary(record(), TRIALS)
    assert {
        name: summary[name] for name in ("TrainingJobStatusCounters", "ObjectiveStatusCounters")
    }.items() <= answer.items()
    assert (summary["Strategy"], summary["ResourceLimits"]["MaxNumberOfTrainingJobs"]) == ("Bayesian", 10)


def test_the_best_training_job_is_the_best_that_has_ended_well():
    assert describe(record(), TRIALS, 1000.0)["BestTrainingJob"] == training_job_summary(record(), TRIALS[0])
    assert "BestTrainingJob" not in describe(record(), TRIALS[3:], 1000.0)


def test_a_trial_has_a_final_objective_when_it_has_ended_well_and_printed_one():
    [done, failed, stopped, silent, running, stopping] = [training_job_summary(record(), one) for one in TRIALS]
    assert done["FinalHyperParameterTuningJobObjectiveMetric"] == {"MetricName": "valid_accuracy", "Value": 0.5}
    assert stopped["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 0.2
    assert [one["ObjectiveStatus"] for one in (failed, silent, running, stopping)] == [
        "Failed",
        "Failed",
        "Pending",
        "Pending",
    ]
    assert all("FinalHyperParameterTuningJobObjectiveMetric" not in one for one in (failed, silent, running, stopping))
    assert failed["FailureReason"] == "AlgorithmError: , exit code: 1" and not {"Values", "Number"} & done.keys()


def test_the_runtime_is_of_the_wall_clock_up_to_the_end():
    assert describe(record(), [], 1061.9)["ConsumedResources"] == {"RuntimeInSeconds": 61}
    assert describe({**record(), "HyperParameterTuningEndTime": 1010.0}, [], 1061.9)["ConsumedResources"] == {
        "RuntimeInSeconds": 10
    }


def test_completion_details_tell_how_long_nothing_has_improved_and_of_convergence():
    worse = [trial(number, values=[0.5 / number]) for number in range(1, 5)]
    assert describe(record(), worse, 0.0)["TuningJobCompletionDetails"] == {
        "NumberOfTrainingJobsObjectiveNotImproving": 3
    }
    assert (
        describe({**record(), "ConvergenceDetectedTime": 1005.0}, worse, 0.0)["TuningJobCompletionDetails"][
            "ConvergenceDetectedTime"
        ]
        == 1005.0
    )


def test_the_overall_best_may_be_a_parents_and_is_told_where_data_and_algorithm_are_identical():
    def warm(kind, *own):
        tuning_job = record(
            (
                "WarmStartConfig",
                {"WarmStartType": kind, "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "p"}]},
            )
        )
        tuning_job["Search"]["Parents"] = [
            {**trial(1, values=[0.7]), "TuningJobName": "p", "TrainingJobName": "p-001-abcdef01"}
        ]
        return describe(tuning_job, list(own), 1000.0)

    found = warm("IdenticalDataAndAlgorithm", trial(1, values=[0.5]))["OverallBestTrainingJob"]
    assert (found["TrainingJobName"], found["TuningJobName"]) == ("p-001-abcdef01", "p")
    found = warm("IdenticalDataAndAlgorithm", trial(1, values=[0.8]))["OverallBestTrainingJob"]
    assert (found["TrainingJobName"], found["TuningJobName"]) == ("tuning-001-abcdef01", "tuning")
    assert "OverallBestTrainingJob" not in warm("TransferLearning", trial(1, values=[0.5]))
