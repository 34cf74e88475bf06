"""The /opt/ml tree of a processing container, as the platform lays it out and reads it: pure functions from a job's
record to files, and from its containers' message files to ExitMessage.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-metadata.html (the message)
"""

import codecs
import json
from collections.abc import Iterable
from typing import Any

from local_test.training.job_hosts import host_names

CONFIG = "/opt/ml/config"
OUTPUT = "/opt/ml/output"
MESSAGE = f"{OUTPUT}/message"
MESSAGE_BYTES = 1024
SECONDS_ALLOWED = 24 * 3600  # the platform's MaxRuntimeInSeconds when the request has none


def with_defaults(request: dict[str, Any]) -> dict[str, Any]:
    """A CreateProcessingJob request with what the platform takes where a field is missing, and says in Describe."""
    filled = {"StoppingCondition": {"MaxRuntimeInSeconds": SECONDS_ALLOWED}, **request}
    filled["ProcessingResources"] = {"ClusterConfig": _cluster(request["ProcessingResources"]["ClusterConfig"])}
    if "ProcessingInputs" in filled:
        filled["ProcessingInputs"] = [
            {
                "AppManaged": False,
                **one,
                "S3Input": {
                    "S3InputMode": "File",
                    "S3DataDistributionType": "FullyReplicated",
                    "S3CompressionType": "None",
                    **one["S3Input"],
                },
            }
            for one in filled["ProcessingInputs"]
        ]
    if outputs := filled.get("ProcessingOutputConfig"):
        filled["ProcessingOutputConfig"] = {
            **outputs,
            "Outputs": [{"AppManaged": False, **one} for one in outputs["Outputs"]],
        }
    return filled


def hosts(record: dict[str, Any]) -> list[str]:
    cluster = record["ProcessingResources"]["ClusterConfig"]
    return host_names(cluster.get("SelectedInstanceCount") or cluster["InstanceCount"])


def config_files(record: dict[str, Any], host: str) -> dict[str, str]:
    """Contents of the files under /opt/ml/config of one host, by name."""
    job = {
        "ProcessingJobArn": record["ProcessingJobArn"],
        "ProcessingJobName": record["ProcessingJobName"],
        "AppSpecification": {
            "ContainerEntrypoint": None,
            "ContainerArguments": None,
            **record["AppSpecification"],
        },
        "Environment": record.get("Environment", {}),
        "ProcessingInputs": record.get("ProcessingInputs", []),
        "ProcessingOutputConfig": {"KmsKeyId": None, "Outputs": [], **record.get("ProcessingOutputConfig", {})},
        "ProcessingResources": {
            "ClusterConfig": {"VolumeKmsKeyId": None, **record["ProcessingResources"]["ClusterConfig"]}
        },
        "RoleArn": record["RoleArn"],
        "StoppingCondition": record["StoppingCondition"],
    }
    if "NetworkConfig" in record:
        job["NetworkConfig"] = record["NetworkConfig"]
    resources = {"current_host": host, "hosts": hosts(record)}
    return {"processingjobconfig.json": json.dumps(job), "resourceconfig.json": json.dumps(resources)}


def command(record: dict[str, Any]) -> tuple[list[str] | None, list[str]]:
    """(entrypoint, command) of the container, as the engine takes them: without an entrypoint it takes the image's own,
    without either the image's own command too.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-run-image.html
    """
    application = record["AppSpecification"]
    return application.get("ContainerEntrypoint"), application.get("ContainerArguments", [])


def downloads(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Inputs that the platform brings; those that are AppManaged the program fetches itself."""
    return [one for one in record.get("ProcessingInputs", []) if not one["AppManaged"]]


def uploads(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Outputs that the platform stores; those that are AppManaged the program stores itself."""
    return [one for one in record.get("ProcessingOutputConfig", {}).get("Outputs", []) if not one["AppManaged"]]


def folder_of(element: dict[str, Any]) -> str:
    """Folder in the container of an input or output, without a slash at its end. What the platform neither brings nor
    stores may have none: KeyError."""
    return _place(element)["LocalPath"].rstrip("/")


def folders(record: dict[str, Any]) -> list[str]:
    """Folders that are there when the container's program begins."""
    elements = [*record.get("ProcessingInputs", []), *record.get("ProcessingOutputConfig", {}).get("Outputs", [])]
    return sorted({CONFIG, OUTPUT, *(folder_of(one) for one in elements if _place(one).get("LocalPath"))})


def is_isolated(record: dict[str, Any]) -> bool:
    return record.get("NetworkConfig", {}).get("EnableNetworkIsolation", False)


def exit_message(parts: Iterable[bytes | None]) -> str | None:
    """ExitMessage: the parts put together, and the first KB of that; None without any.

    parts: the first bytes of each container's file, at least `MESSAGE_BYTES` of a longer one, in the order of the
    hosts; None where there is no file. Raises ValueError for what is not UTF-8: the platform fails the job then."""
    text = "".join(_decoded(part[:MESSAGE_BYTES]) for part in parts if part)
    return _decoded(text.encode()[:MESSAGE_BYTES]) or None


def _cluster(cluster: dict[str, Any]) -> dict[str, Any]:
    """Of several instance types the first has capacity here."""
    if "InstancePreferences" not in cluster:
        return {"InstanceCount": 1, **cluster}
    selected = {"InstanceCount": cluster.get("InstanceCount"), **cluster["InstancePreferences"][0]}
    return {
        **cluster,
        "SelectedInstanceType": selected["InstanceType"],
        "SelectedInstanceCount": selected["InstanceCount"],
    }


def _place(element: dict[str, Any]) -> dict[str, Any]:
    return element.get("S3Input") or element["S3Output"]


def _decoded(part: bytes) -> str:
    """Text of a message; a character that the end of the KB cuts in two is left out."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(part, final=len(part) < MESSAGE_BYTES)
    except UnicodeDecodeError as error:
        raise ValueError("/opt/ml/output/message is not UTF-8 text.") from error
