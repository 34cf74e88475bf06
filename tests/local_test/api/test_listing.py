"""List operations: filters, order and pages."""

import pytest

from local_test.api.errors import ValidationException
from local_test.api.listing import one_page

JOBS = [
    {
        "TrainingJobName": f"job-{number}",
        "TrainingJobStatus": "Failed" if number % 2 else "Completed",
        "CreationTime": 100.0 + number,
    }
    for number in range(5)
]


def names(**request):
    return [
        job["TrainingJobName"]
        for job in one_page(JOBS, request, "TrainingJob", "TrainingJobSummaries")["TrainingJobSummaries"]
    ]


def test_the_newest_come_first_unless_asked_otherwise():
    assert names() == ["job-4", "job-3", "job-2", "job-1", "job-0"]
    assert names(SortBy="Name", SortOrder="Ascending")[0] == "job-0"


def test_numbers_are_ordered_as_numbers_and_what_has_none_comes_first():
    scored = [
        {**job, **({"Score": score} if score is not None else {})}
        for job, score in zip(JOBS, [10.0, -2.0, None, 9.5, 100.0], strict=True)
    ]
    page = one_page(scored, {"SortBy": "Score", "SortOrder": "Ascending"}, "TrainingJob", "Jobs")
    assert [job.get("Score") for job in page["Jobs"]] == [None, -2.0, 9.5, 10.0, 100.0]


def test_of_training_jobs_the_status_chooses_among_those_on_the_page():
    page = one_page(JOBS, {"MaxResults": 2, "StatusEquals": "Failed"}, "TrainingJob", "Jobs", status_after_page=True)
    assert [job["TrainingJobName"] for job in page["Jobs"]] == ["job-3"] and page["NextToken"] == "2"


def test_filters_are_all_held():
    assert names(StatusEquals="Failed") == ["job-3", "job-1"]
    assert names(NameContains="JOB-1") == ["job-1"]
    assert names(CreationTimeAfter=101.0, CreationTimeBefore=104.0) == ["job-3", "job-2"]


def test_pages_hold_everything_once():
    first = one_page(JOBS, {"MaxResults": 2}, "TrainingJob", "Jobs")
    second = one_page(JOBS, {"MaxResults": 2, "NextToken": first["NextToken"]}, "TrainingJob", "Jobs")
    third = one_page(JOBS, {"MaxResults": 2, "NextToken": second["NextToken"]}, "TrainingJob", "Jobs")
    assert [job["TrainingJobName"] for page in (first, second, third) for job in page["Jobs"]] == names()
    assert "NextToken" not in third


def test_a_foreign_token_is_refused():
    with pytest.raises(ValidationException, match="NextToken"):
        names(NextToken="x")
