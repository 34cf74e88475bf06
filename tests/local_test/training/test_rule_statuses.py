"""What is said of a job's debugger rules."""

import json

import pytest

from local_test.training.rule_statuses import MAX_DETAILS, at_the_end, before_the_end

RULE = {"RuleConfigurationName": "mine", "RuleParameters": {"rule_to_invoke": "Overfit"}}


def test_a_rule_is_in_progress_while_the_job_runs():
    assert before_the_end([RULE], 5.0) == [
        {"RuleConfigurationName": "mine", "RuleEvaluationStatus": "InProgress", "LastModifiedTime": 5.0}
    ]


def test_the_programs_result_is_the_status():
    results = json.dumps({"rules": [{"name": "Overfit", "status": "IssuesFound", "sentence": "x" * 2000}]})
    [status] = at_the_end([RULE], results, 5.0)
    assert status["RuleEvaluationStatus"] == "IssuesFound" and status["StatusDetails"] == "x" * MAX_DETAILS


@pytest.mark.parametrize(
    "results",
    [
        None,
        "",
        "no JSON",
        "{}",
        "3",
        "[3]",
        '{"rules": 3}',
        '{"rules": [{"name": "Overfit"}]}',
        '{"rules": [{"name": "DeadRelu", "status": "NoIssuesFound"}]}',
    ],
)
def test_without_a_result_it_is_an_error_with_the_reason(results):
    [status] = at_the_end([RULE], results, 5.0)
    assert status["RuleEvaluationStatus"] == "Error" and "does not run rule images" in status["StatusDetails"]


def test_a_rule_that_the_end_cut_off_was_stopped_and_goes_by_aws_name_too():
    rule = {"RuleConfigurationName": "mine", "RuleParameters": {"rule_to_invoke": "StalledTrainingRule"}}
    results = json.dumps({"rules": [{"name": "StalledTraining", "status": "InProgress", "sentence": "Too early."}]})
    [status] = at_the_end([rule], results, 5.0)
    assert (status["RuleEvaluationStatus"], status["StatusDetails"]) == ("Stopped", "Too early.")


def test_a_configuration_that_names_no_rule_is_an_error():
    [status] = at_the_end([{"RuleConfigurationName": "mine"}], '{"rules": []}', 5.0)
    assert status["RuleEvaluationStatus"] == "Error"
