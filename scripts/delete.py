"""`python -m scripts.delete`: remove what the prefix made, so that nothing goes on costing money.

Shows the list and asks first. The endpoint goes with its autoscaling, endpoint configs and models, and running jobs are
stopped; data in S3 and images in ECR only when asked for. Waits until the endpoint is gone and the jobs have ended.
"""

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError

from scripts import inventory, names
from scripts.aws import Aws
from scripts.call import Call, as_json
from scripts.endpoints import wait_until_gone
from scripts.failure import Failure, ends_with_a_sentence, explain
from scripts.jobs import watch
from scripts.objects import DELETED_AT_ONCE, delete_objects
from scripts.requests.autoscaling import scalable_target
from scripts.scalable_targets import registered_targets
from scripts.settings import load_settings


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="delete", description="Remove what the prefix made; shows it and asks first.")
    parser.add_argument("--data", action="store_true", help="also every object under the prefix in S3: data, models, checkpoints")
    parser.add_argument("--images", action="store_true", help="also the repositories in ECR with their images")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="print the requests, remove nothing")
    chosen = parser.parse_args(arguments)
    aws = Aws(load_settings())
    running = inventory.running_jobs(aws)
    calls = resource_calls(aws, running)
    repositories = inventory.repositories(aws)
    if chosen.images:
        calls += [Call("ecr", "DeleteRepository", {"repositoryName": one.name, "force": True}) for one in repositories]
    keys = list(inventory.stored_keys(aws))
    removed_keys = keys if chosen.data else []
    if chosen.dry_run:
        print(as_json([*calls, *_object_calls(aws, removed_keys)]))
        return 0

    stays = []
    if repositories and not chosen.images:
        held = " and ".join(one.name for one in repositories)
        stays.append(f"the images in {held}: ECR charges for their storage (--images removes them)")
    if keys and not chosen.data:
        stays.append(f"{len(keys):,} objects in {aws.layout.root}/: S3 charges for their storage (--data removes them)")
    stays.append("logs in CloudWatch, charged for their storage, and the records of jobs, which cost nothing")
    if calls or removed_keys:
        for call in calls:
            print(f"  {call.operation}  {_subject(call)}")
        if removed_keys:
            print(f"  DeleteObjects  {len(removed_keys):,} objects in {aws.layout.root}/")
        if not chosen.yes and not _agreed():
            print("nothing was removed")
            return 1
        _remove(aws, calls, running, chosen.data)
    else:
        print(f"{aws.settings.prefix} has nothing in {aws.region} that is to be removed")
    print("\n".join(f"stays: {one}" for one in stays))
    return 0


def resource_calls(aws: Aws, running: list) -> list[Call]:
    """The calls that remove the endpoint and what belongs to it and stop the jobs, in the order in which they must be made."""
    calls = [
        Call("application-autoscaling", "DeregisterScalableTarget", scalable_target(aws.settings.prefix))
        for _ in registered_targets(aws)
    ]
    calls += [
        Call("sagemaker", "DeleteEndpoint", {"EndpointName": one.name})
        for one in inventory.endpoints(aws) if one.state != "Deleting"
    ]
    calls += [kind.stop_call(name) for kind, name, status in running if status == "InProgress"]
    calls += [
        Call("sagemaker", "DeleteEndpointConfig", {"EndpointConfigName": one.name}) for one in inventory.endpoint_configs(aws)
    ]
    calls += [Call("sagemaker", "DeleteModel", {"ModelName": one.name}) for one in inventory.models(aws)]
    return calls


def _remove(aws: Aws, calls: list[Call], running: list, with_data: bool) -> None:
    """Make the calls; what is refused does not keep the rest. Raises Failure when something stays that was to go."""
    refused = []
    for call in calls:
        try:
            aws.make(call)
        except (ClientError, BotoCoreError) as error:
            refused.append(explain(error))
            print(f"error: {_subject(call)}: {refused[-1]}", file=sys.stderr)
    if not refused:
        wait_until_gone(aws, names.endpoint(aws.settings.prefix))
        for kind, name, _ in running:
            watch(aws, kind, name, show_log=False)
    if with_data:
        # Listed anew, after the jobs have ended: one that was stopping may have left its model.
        delete_objects(aws.client("s3"), aws.layout.bucket, list(inventory.stored_keys(aws)))
    if refused:
        raise Failure(f"{len(refused)} of {len(calls)} could not be removed and may go on costing money. Run `make delete` again.")
    print("removed")


def _object_calls(aws: Aws, keys: list[str]) -> list[Call]:
    return [
        Call("s3", "DeleteObjects", {
            "Bucket": aws.layout.bucket, "Delete": {"Objects": [{"Key": key} for key in keys[start:start + DELETED_AT_ONCE]]},
        })
        for start in range(0, len(keys), DELETED_AT_ONCE)
    ]


def _subject(call: Call) -> str:
    """What a call is about: the value of its field that names a resource."""
    return next(value for field, value in call.request.items() if field.endswith(("Name", "ResourceId")))


def _agreed() -> bool:
    try:
        return input("Remove these? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print("There is no one to ask here: pass --yes.", file=sys.stderr)
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
