"""What is not promised by moto and used here all the same, in one table: each part checks its own when it is imported.

Classes here take the place of moto's and override their methods. A method that an upgrade renamed would never be
called, and an attribute that it dropped would be missed at the first request that needs it, if at all.
"""

import importlib
import inspect
from importlib.metadata import version

# part -> "module:class" -> attributes, methods, and what its __init__ sets. An empty class is the module itself.
USED = {
    "keys": {
        "moto.s3.models:FakeKey": "value set_metadata dispose disposed _value_buffer _etag size bucket_name",
        "moto.s3.models:FakeDeleteMarker": "key name last_modified _version_id",
    },
    "multipart": {
        "moto.s3.models:FakeMultipart": "complete parts metadata",
        "moto.s3.models:MultipartChecksumBuilder": "addPart build checksum_type",
    },
    "s3": {
        "moto.s3.models:": "FakeKey FakeDeleteMarker FakeMultipart",
        "moto.s3.models:S3Backend": "_url_module put_object get_object copy_object upload_part_copy put_object_tagging "
        "delete_object_tagging",
        "moto.s3.models:FakeBucket": "get_permission policy",
        "moto.s3.models:s3_backends": "backend pop bucket_accounts",
        "moto.s3.responses:S3Response": "get_object key_response",
    },
    "logs": {
        "moto.logs.models:logs_backends": "backend",
        "moto.logs.models:LogsBackend": "_url_module create_log_group ensure_log_group ensure_log_stream "
        "delete_log_group delete_log_stream tag_resource groups",
        "moto.logs.models:LogGroup": "streams account_id region",
        "moto.logs.models:LogStream": "put_log_events events",
    },
    "metrics": {
        "moto.cloudwatch.models:cloudwatch_backends": "backend",
        "moto.cloudwatch.models:CloudWatchBackend": "_url_module put_metric_data",
    },
    "schedules": {
        "moto.scheduler.models:": "scheduler_backends",
        "moto.scheduler.models:EventBridgeSchedulerBackend": "schedule_groups",
        "moto.scheduler.models:ScheduleGroup": "schedules delete_schedule",
        "moto.scheduler.models:Schedule": "arn name group_name schedule_expression schedule_expression_timezone target "
        "state action_after_completion last_modified_date",
        "moto.iam.models:Role": "arn assume_role_policy_document",
    },
    "scaling": {
        "moto.applicationautoscaling.models:": "ScalableDimensionValueSet",
        "moto.applicationautoscaling.responses:": "ScalableDimensionValueSet",
    },
    "instance types": {"moto.ec2.models.instance_types:": "INSTANCE_TYPES"},
    "ecr": {
        "moto.ecr.models:ECRBackend": "_get_repository _resolve_image_tag_mutability create_repository "
        "describe_repositories delete_repository put_image_tag_mutability list_images describe_images batch_get_image "
        "put_image batch_delete_image",
        "moto.ecr.models:Repository": "_get_image images",
        "moto.ecr.models:Image": "get_image_size_in_bytes image_digest image_tags",
    },
}


def check_moto(part: str) -> None:
    """Raises ImportError that names what this version of moto does not have."""
    for place, names in USED[part].items():
        module, _, owner = place.partition(":")
        found: object = importlib.import_module(module)
        if owner:
            found = getattr(found, owner, None)
        for name in names.split():
            if not _has(found, name):
                raise ImportError(
                    f"moto {version('moto')} has no {module}.{owner + '.' if owner else ''}{name}, on which the local "
                    f"SageMaker's {part} are built: install the version of local_test/requirements.txt, or adapt what "
                    "local_test/storage/moto_internals.py lists to this one."
                )


def _has(owner: object, name: str) -> bool:
    if hasattr(owner, name):
        return True
    return inspect.isclass(owner) and any(
        name in init.__code__.co_names for cls in owner.__mro__ if inspect.isfunction(init := vars(cls).get("__init__"))
    )
