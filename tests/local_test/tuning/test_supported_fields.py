"""CreateHyperParameterTuningJob: what is not supported is refused by name, and so is what AWS refuses."""

import pytest

from local_test.api.errors import ResourceLimitExceeded, ValidationException
from local_test.api.request_validation import validate
from local_test.tuning.supported_fields import check
from tests.local_test.tuning.tuning_job import NOTHING, changed

CONFIG, DEFINITION = "HyperParameterTuningJobConfig", "TrainingJobDefinition"
LR = {"Name": "lr", "MinValue": "0.001", "MaxValue": "0.1"}
GRID = (
    (f"{CONFIG}.Strategy", "Grid"),
    (f"{CONFIG}.ParameterRanges", {"CategoricalParameterRanges": [{"Name": "a", "Values": ["1", "2", "3"]}]}),
)
IN_ORDER = [
    {"InstanceType": kind, "InstanceCount": 1, "VolumeSizeInGB": 30} for kind in ("ml.g4dn.xlarge", "ml.g5.xlarge")
]
HYPERBAND = (f"{CONFIG}.Strategy", "Hyperband")
OFFERED = [
    (),
    ((f"{CONFIG}.Strategy", "Random"), (f"{CONFIG}.TrainingJobEarlyStoppingType", "Auto"), (f"{CONFIG}.RandomSeed", 3)),
    (*GRID, (f"{CONFIG}.ResourceLimits", {"MaxParallelTrainingJobs": 3})),
    (*GRID, (f"{CONFIG}.ResourceLimits", {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 3})),
    (HYPERBAND,),
    (HYPERBAND, (f"{CONFIG}.StrategyConfig", {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 27}})),
    ((f"{CONFIG}.ResourceLimits", {"MaxRuntimeInSeconds": 600, "MaxParallelTrainingJobs": 3}),),
    (
        (
            f"{CONFIG}.TuningJobCompletionCriteria",
            {
                "TargetObjectiveMetricValue": 0.9,
                "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3},
                "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
            },
        ),
    ),
    (
        (f"{DEFINITION}.ResourceConfig", NOTHING),
        (
            f"{DEFINITION}.HyperParameterTuningResourceConfig",
            {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        ),
    ),
    (
        (f"{DEFINITION}.ResourceConfig", NOTHING),
        (f"{DEFINITION}.HyperParameterTuningResourceConfig", {"InstanceConfigs": IN_ORDER}),
    ),
    (
        (f"{DEFINITION}.ResourceConfig", NOTHING),
        (
            f"{DEFINITION}.HyperParameterTuningResourceConfig",
            {"AllocationStrategy": "Prioritized", "InstanceConfigs": IN_ORDER},
        ),
    ),
]


@pytest.mark.parametrize("changes", OFFERED)
def test_what_is_supported_passes(changes):
    validate("CreateHyperParameterTuningJob", changed(*changes))
    check(changed(*changes))


@pytest.mark.parametrize(
    "path",
    [
        "TrainingJobDefinitions",
        "Autotune",
        f"{CONFIG}.ParameterRanges.AutoParameters",
        f"{DEFINITION}.TuningObjective",
        f"{DEFINITION}.HyperParameterRanges",
        f"{DEFINITION}.AlgorithmSpecification.AlgorithmName",
        f"{DEFINITION}.ResourceConfig.InstanceGroups",
    ],
)
def test_what_is_not_supported_is_refused_by_name(path):
    with pytest.raises(ValidationException, match=f"does not support {path}"):
        check(changed((path, {})))


TWO_BY_FIVE = {
    "CategoricalParameterRanges": [{"Name": "a", "Values": ["1", "2"]}],
    "IntegerParameterRanges": [{"Name": "b", "MinValue": "1", "MaxValue": "5"}],
}
FIVE_OF_FOUR = {
    "CategoricalParameterRanges": [{"Name": name, "Values": list("1234")} for name in ("a", "b", "c", "d", "e")]
}


WITHOUT_NUMBER = (f"{CONFIG}.ResourceLimits", {"MaxParallelTrainingJobs": 1})


def of(most, parallel=1):
    return (f"{CONFIG}.ResourceLimits", {"MaxNumberOfTrainingJobs": most, "MaxParallelTrainingJobs": parallel})


@pytest.mark.parametrize(
    ("taken", "refused", "named"),
    [
        ([of(750)], [of(751)], "training jobs per hyperparameter tuning job is at most 750"),
        ([HYPERBAND, of(750)], [HYPERBAND, of(751)], "at most 750, and the request asks for 751"),
        ([(f"{CONFIG}.Strategy", "Random"), of(10_000)], [(f"{CONFIG}.Strategy", "Random"), of(10_001)], "10000"),
        (
            (*GRID, WITHOUT_NUMBER),
            [GRID[0], (f"{CONFIG}.ParameterRanges", FIVE_OF_FOUR), WITHOUT_NUMBER],
            "at most 750, and the request asks for 1024",
        ),
        ([of(200, 100)], [of(200, 101)], "parallel training jobs per hyperparameter tuning job is at most 100"),
        (
            [],
            [
                (
                    f"{DEFINITION}.AlgorithmSpecification.MetricDefinitions",
                    [{"Name": name, "Regex": "(.)"} for name in ("valid_accuracy", *map(str, range(20)))],
                )
            ],
            "metrics defined per hyperparameter tuning job is at most 20",
        ),
    ],
)
def test_what_is_beyond_the_limits_of_aws_is_refused(taken, refused, named):
    check(changed(*taken))
    with pytest.raises(ResourceLimitExceeded, match=named):
        check(changed(*refused))


def test_more_training_jobs_than_combinations_are_refused_in_the_words_of_aws():
    check(changed((f"{CONFIG}.ParameterRanges", TWO_BY_FIVE), of(10)))
    with pytest.raises(ValidationException, match=r"for the provided ranges \[10.0\] must be equal .*, \[11\]"):
        check(changed((f"{CONFIG}.ParameterRanges", TWO_BY_FIVE), of(11)))


def test_ranges_without_an_end_of_combinations_are_enough():
    wide = {
        "IntegerParameterRanges": [{"Name": f"n{n}", "MinValue": "0", "MaxValue": str(2**53)} for n in range(25)],
        "ContinuousParameterRanges": [LR],
    }
    check(changed((f"{CONFIG}.ParameterRanges", wide), of(750)))


def test_what_has_no_effect_is_taken_but_by_strict():
    request = changed((f"{DEFINITION}.VpcConfig", {}))
    check(request)
    with pytest.raises(ValidationException, match=f"^{DEFINITION}.VpcConfig has no effect"):
        check(request, strict=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([(DEFINITION, NOTHING)], "TrainingJobDefinition is missing"),
        ([(f"{CONFIG}.HyperParameterTuningJobObjective", NOTHING)], "HyperParameterTuningJobObjective is missing"),
        (
            [(f"{CONFIG}.HyperParameterTuningJobObjective.MetricName", "valid_loss")],
            "A metric is required .* does not name valid_loss",
        ),
        ([(f"{DEFINITION}.AlgorithmSpecification.MetricDefinitions", NOTHING)], "A metric is required"),
        ([(f"{CONFIG}.ParameterRanges", NOTHING)], "ParameterRanges"),
        ([(f"{CONFIG}.ParameterRanges", {"ContinuousParameterRanges": []})], "ParameterRanges"),
        (
            [(f"{CONFIG}.ParameterRanges.IntegerParameterRanges", [{"Name": "lr", "MinValue": "1", "MaxValue": "2"}])],
            "lr",
        ),
        ([(f"{DEFINITION}.StaticHyperParameters.lr", "0.1")], "lr is in ParameterRanges and in StaticHyperParameters"),
        (
            [(f"{DEFINITION}.StaticHyperParameters._tuning_objective_metric", "x")],
            "_tuning_objective_metric is reserved",
        ),
        (
            [(f"{CONFIG}.ParameterRanges.ContinuousParameterRanges", [{**LR, "Name": "_tuning_objective_metric"}])],
            "reserved",
        ),
        ([(f"{CONFIG}.Strategy", "Grid")], "categorical"),
        ([*GRID], "combinations"),
        (
            [(f"{CONFIG}.StrategyConfig", {"HyperbandStrategyConfig": {"MaxResource": 9}})],
            "StrategyConfig is for the strategy Hyperband",
        ),
        ([HYPERBAND, (f"{CONFIG}.TrainingJobEarlyStoppingType", "Auto")], "must be Off with the strategy Hyperband"),
        ([HYPERBAND, (f"{DEFINITION}.StaticHyperParameters", NOTHING)], "MaxResource"),
        (
            [(f"{CONFIG}.ResourceLimits.MaxNumberOfTrainingJobs", NOTHING)],
            "MaxNumberOfTrainingJobs or MaxRuntimeInSeconds",
        ),
        ([(f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs", 11)], "MaxParallelTrainingJobs is 11, more than"),
        (
            [(f"{DEFINITION}.HyperParameterTuningResourceConfig", {"InstanceType": "ml.m5.large", "InstanceCount": 1})],
            "not both",
        ),
        (
            [
                (f"{DEFINITION}.ResourceConfig", NOTHING),
                (
                    f"{DEFINITION}.HyperParameterTuningResourceConfig",
                    {"InstanceType": "ml.g5.xlarge", "InstanceConfigs": IN_ORDER},
                ),
            ],
            "InstanceConfigs excludes InstanceType",
        ),
    ],
)
def test_what_aws_refuses_is_refused_with_a_sentence(changes, message):
    with pytest.raises(ValidationException, match=message):
        check(changed(*changes))
