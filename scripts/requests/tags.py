"""The tag that every resource of a project carries, so that a bill can be split by it."""


def project_tags(prefix: str) -> list[dict]:
    return [{"Key": "project", "Value": prefix}]
