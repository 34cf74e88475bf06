"""What every List operation of SageMaker has in common: filters, order and pages."""

import operator
from collections.abc import Callable
from typing import Any

from local_test.api.errors import ValidationException

PAGE = 100  # AWS's own limit of MaxResults

# Filter of the request -> (field of the summary, how the field compares with it).
TIME_FILTERS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "CreationTimeAfter": ("CreationTime", operator.gt),
    "CreationTimeBefore": ("CreationTime", operator.lt),
    "LastModifiedTimeAfter": ("LastModifiedTime", operator.gt),
    "LastModifiedTimeBefore": ("LastModifiedTime", operator.lt),
}


def one_page(
    summaries: list[dict[str, Any]],
    request: dict[str, Any],
    kind: str,
    answer: str,
    order: str = "CreationTime",
    status_after_page: bool = False,
) -> dict[str, Any]:
    """The page that a List request asks for, as its answer.

    kind: prefix of the summary's fields, e.g. `TrainingJob` for TrainingJobName and TrainingJobStatus. answer: the
    list's name. order: field name that SortBy defaults to. Names, where equal times would leave the order open, decide.
    status_after_page: a page is cut of resources in any status, and StatusEquals chooses among those on it.
    """
    name, status = f"{kind}Name", f"{kind}Status"
    wanted_status = request.get("StatusEquals")
    before = None if status_after_page else wanted_status
    chosen = [one for one in summaries if _wanted(one, request, name) and (before is None or one.get(status) == before)]
    by = request.get("SortBy", order)
    field = {"Name": name, "Status": status}.get(by, by)
    chosen.sort(
        key=lambda one: (field in one, one.get(field), one[name]),
        reverse=request.get("SortOrder", "Descending") == "Descending",
    )
    start = page_start(request.get("NextToken"))
    end = start + min(request.get("MaxResults", PAGE), PAGE)
    on_page = [one for one in chosen[start:end] if wanted_status is None or one.get(status) == wanted_status]
    page: dict[str, Any] = {answer: on_page}
    if end < len(chosen):
        page["NextToken"] = str(end)
    return page


def _wanted(summary: dict[str, Any], request: dict[str, Any], name: str) -> bool:
    if request.get("NameContains", "").lower() not in summary[name].lower():
        return False
    return all(
        compare(summary.get(field, 0), request[filter_name])
        for filter_name, (field, compare) in TIME_FILTERS.items()
        if filter_name in request
    )


def page_start(token: str | None) -> int:
    """Where the page of a NextToken begins. Raises ValidationException for one that this service did not give out."""
    if token is None:
        return 0
    if not token.isdecimal():
        raise ValidationException("NextToken is not one that this service gave out.")
    return int(token)
