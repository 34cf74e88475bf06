"""AddTags, ListTags, DeleteTags: tags of every resource, by its ARN."""

from typing import Any

from local_test.api.listing import page_start
from local_test.host.state import State

PAGE = 100


class Tags:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AddTags.html"""

    def __init__(self, state: State):
        self._records = state.records("tags")

    def set(self, arn: str, tags: list[dict[str, Any]] | None) -> None:
        """What a Create request brings."""
        if tags:
            self.add_tags({"ResourceArn": arn, "Tags": tags})

    def add_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        arn = request["ResourceArn"]
        tags = {tag["Key"]: tag["Value"] for tag in [*self._tags(arn), *request["Tags"]]}
        merged = [{"Key": key, "Value": value} for key, value in tags.items()]
        if not self._records.create(arn, {"Tags": merged}):
            self._records.update(arn, Tags=merged)
        return {"Tags": merged}

    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        start = page_start(request.get("NextToken"))
        end = start + request.get("MaxResults", PAGE)
        tags = self._tags(request["ResourceArn"])
        return {"Tags": tags[start:end], **({"NextToken": str(end)} if end < len(tags) else {})}

    def delete_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        arn = request["ResourceArn"]
        left = [tag for tag in self._tags(arn) if tag["Key"] not in request["TagKeys"]]
        if left:
            self._records.update(arn, Tags=left)
        else:
            self._records.delete(arn)
        return {}

    def forget(self, arn: str) -> None:
        """The resource is deleted."""
        self._records.delete(arn)

    def _tags(self, arn: str) -> list[dict[str, Any]]:
        return (self._records.get(arn) or {"Tags": []})["Tags"]
