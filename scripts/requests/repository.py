"""CreateRepository, PutLifecyclePolicy and PutRegistryScanningConfiguration.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html
"""

import fnmatch
import json
from typing import Any

from scripts.config.names import project_tags
from scripts.config.settings import Settings


def create_repository_request(settings: Settings, repository: str) -> dict[str, Any]:
    """Request for a repository where a tag, once pushed, never means another image."""
    return {"repositoryName": repository, "imageTagMutability": "IMMUTABLE", "tags": project_tags(settings.prefix)}


def lifecycle_policy_request(settings: Settings, repository: str) -> dict[str, Any]:
    """Request that expires what has no tag after a day, and all but the newest `keep-images` of the rest."""
    rules = [
        {
            "rulePriority": 1,
            "description": "what has no tag, after a day",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 1,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "description": f"all but the newest {settings.push.keep_images}",
            "selection": {
                "tagStatus": "any",
                "countType": "imageCountMoreThan",
                "countNumber": settings.push.keep_images,
            },
            "action": {"type": "expire"},
        },
    ]
    return {"repositoryName": repository, "lifecyclePolicyText": json.dumps({"rules": rules})}


def scanning_request(current: dict[str, Any], repositories: list[str], prefix: str) -> dict[str, Any] | None:
    """Request that has the registry scan `<prefix>-*` on push, or None when `repositories` are scanned already.

    current: the `scanningConfiguration` of GetRegistryScanningConfiguration. Scanning is configured for the whole
    registry at once, so every rule that is there stays."""
    rules = current.get("rules", [])
    filters = [
        one["filter"] for rule in rules if rule["scanFrequency"] != "MANUAL" for one in rule["repositoryFilters"]
    ]
    # ECR adds a wildcard at both ends of a filter that has none.
    filters = [one if "*" in one else f"*{one}*" for one in filters]
    if all(any(fnmatch.fnmatchcase(name, one) for one in filters) for name in repositories):
        return None
    ours = {"filter": f"{prefix}-*", "filterType": "WILDCARD"}
    on_push = [rule for rule in rules if rule["scanFrequency"] == "SCAN_ON_PUSH"]
    merged = [rule for rule in rules if rule["scanFrequency"] != "SCAN_ON_PUSH"]
    merged.append(
        {
            "scanFrequency": "SCAN_ON_PUSH",
            "repositoryFilters": [*(one for rule in on_push for one in rule["repositoryFilters"]), ours],
        }
    )
    return {"scanType": current.get("scanType", "BASIC"), "rules": merged}
