"""`python -m scripts.delete`: remove what the prefix made, so that nothing goes on costing money.

Shows the list and asks first. The endpoint goes with its autoscaling, its inference component, endpoint configs and
models, and running jobs are stopped; data in S3, with its old versions, images in ECR, and what bootstrap made go only
when asked for. Waits until the endpoint is gone and the jobs have ended.
"""

import argparse
import sys
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.account.removal import account_removal_calls, subject, take_back
from scripts.aws import inventory
from scripts.aws.clients import Aws, Call, as_json
from scripts.aws.components import DELETE as DELETE_COMPONENT
from scripts.aws.components import remove_component
from scripts.aws.endpoint_end import delete_schedule_call, schedules
from scripts.aws.endpoints import registered_targets, wait_until_changeable, wait_until_gone
from scripts.aws.jobs import KINDS, watch
from scripts.aws.objects import StoredVersion, delete_objects, delete_requests
from scripts.aws.running_costs import left_over
from scripts.aws.waiting import moments
from scripts.aws.warm_pools import KIND as WARM_POOL
from scripts.aws.warm_pools import end_pool_call, still_kept, warm_pools
from scripts.config import names
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence, explain
from scripts.console.make import make
from scripts.console.tables import print_table
from scripts.console.terminal import agreed
from scripts.console.waits import Wait

_OF_THE_ENDPOINT = ("DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel", "DeleteRepository", "DeleteSchedule")
_KEEPS = (DELETE_COMPONENT, "DeleteEndpoint")  # refused, they keep all that is of the endpoint
SECONDS_TO_BE_GONE = 15.0  # for what was stopped or deleted to be gone from lists, too
SECONDS_OF_POOLS = 60.0  # for warm pools that were ended: their instances go first


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="delete", description="Remove what the prefix made; shows it and asks first.")
    parser.add_argument(
        "--data",
        action="store_true",
        help="also every object under the prefix in S3, with its old versions: data, models, checkpoints",
    )
    parser.add_argument("--images", action="store_true", help="also the repositories in ECR with their images")
    parser.add_argument(
        "--all",
        action="store_true",
        help=f"data, images, and what `{make('bootstrap')}` made: role, bucket, the endpoint's log group, budget",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="print the requests, remove nothing")
    add_json_option(parser)
    args = parser.parse_args(arguments)
    args.data, args.images = args.data or args.all, args.images or args.all
    found = document(args.json)
    aws = Aws(load_settings())
    unseen: list[str] = []
    unseen_storage: list[str] = []
    stays: list[str] = []
    with Wait(f"what {aws.settings.prefix} has in {aws.region}"):
        running = [
            job for kind in KINDS for job in inventory.seen(partial(inventory.running_jobs, kind=kind), aws, unseen)
        ]
        calls = resource_calls(aws, running, unseen)
        ends = inventory.seen(schedules, aws, unseen_storage)
        repositories = inventory.seen(inventory.repositories, aws, unseen if args.images else unseen_storage)
        keys = inventory.seen(
            lambda aws: list(inventory.stored_keys(aws)), aws, unseen if args.data else unseen_storage
        )
        versions = _versions(aws, unseen if args.data else unseen_storage)
        account = account_removal_calls(aws, unseen, stays) if args.all else []
    calls += [delete_schedule_call(aws.settings.prefix) for _ in ends]
    if args.images:
        calls += [Call("ecr", "DeleteRepository", {"repositoryName": one.name, "force": True}) for one in repositories]
    to_remove = (versions or keys) if args.data else []
    for one in [*unseen, *unseen_storage]:
        print(f"warning: not all can be shown. {one}", file=sys.stderr)
    if args.dry_run:
        deletions = [Call("s3", "DeleteObjects", one) for one in delete_requests(aws.layout.bucket, to_remove)]
        found.write_text(as_json([*calls, *deletions, *account]))
        return 0

    if repositories and not args.images:
        held = " and ".join(one.name for one in repositories)
        stays.append(f"the images in {held}: ECR charges for their storage (--images removes them)")
    objects = f"{inventory.objects_in_words(keys, versions)} in {aws.layout.root}/"
    if (keys or versions) and not args.data:
        stays.append(f"{objects}: S3 charges for their storage (--data removes them)")
    stays.append("logs in CloudWatch, charged for their storage, and the records of jobs, which cost nothing")
    found.update(removed=[], removed_objects=0, stays=stays, unseen=[*unseen, *unseen_storage])
    if calls or running or to_remove or account:
        for call in calls:
            print(f"  {call.operation}  {_subject(call)}")
        if to_remove:
            print(f"  DeleteObjects  {objects}")
        for call in account:
            print(f"  {call.operation}  {subject(call)}")
        if not args.yes and not agreed("Remove these?"):
            print("nothing was removed")
            found.update(error="Nothing was removed: nobody agreed.")
            return 1
        try:
            _remove(aws, calls, running, args.data)
            take_back(aws, account)
        except KeyboardInterrupt:
            print(
                f"\nwhat AWS was asked to remove keeps going: run `{make('delete')}` again to see that all is gone",
                file=sys.stderr,
            )
            return 130
        gone = [{"operation": call.operation, "name": _subject(call)} for call in calls]
        gone += [{"operation": call.operation, "name": subject(call)} for call in account]
        found.update(removed=gone, removed_objects=len(to_remove))
        _check_nothing_runs(aws)
    elif not unseen:
        print(f"{aws.settings.prefix} has nothing in {aws.region} that is to be removed")
    print("\n".join(f"stays: {one}" for one in stays))
    if unseen:
        raise Failure(
            "What these credentials may not see was not removed and may go on costing money; see the warnings above."
        )
    return 0


def resource_calls(aws: Aws, running: list[Any], unseen: list[str]) -> list[Call]:
    """The calls that stop the jobs and remove the endpoint and what belongs to it, in the order in which they must be
    made: jobs first, for an endpoint may have to be waited for.
    """
    calls = [Call("application-autoscaling", "DeregisterScalableTarget", one) for one in registered_targets(aws)]
    calls += [
        Call("cloudwatch", "DeleteAlarms", {"AlarmNames": [one.name]})
        for one in inventory.seen(inventory.alarms, aws, unseen)
    ]
    calls += [kind.stop_call(name) for kind, name, status in running if status == "InProgress"]
    calls += [end_pool_call(one.name) for one in inventory.seen(warm_pools, aws, unseen)]
    for one in inventory.seen(inventory.endpoints, aws, unseen):
        if one.kind == inventory.COMPONENT:  # also one that is being deleted: its endpoint waits for that
            calls.append(Call("sagemaker", DELETE_COMPONENT, {"InferenceComponentName": one.name}))
        elif one.state != "Deleting":
            calls.append(Call("sagemaker", "DeleteEndpoint", {"EndpointName": one.name}))
    calls += [
        Call("sagemaker", "DeleteEndpointConfig", {"EndpointConfigName": one.name})
        for one in inventory.seen(inventory.endpoint_configs, aws, unseen)
    ]
    return calls + [
        Call("sagemaker", "DeleteModel", {"ModelName": one.name})
        for one in inventory.seen(inventory.models, aws, unseen)
    ]


def _remove(aws: Aws, calls: list[Call], running: list[Any], with_data: bool) -> None:
    """Make the calls; what is refused does not keep what does not need it. Raises Failure when something stays that was
    to go.
    """
    refused: list[Call] = []
    for call in calls:
        if call.operation in _OF_THE_ENDPOINT and any(one.operation in _KEEPS for one in refused):
            continue  # an endpoint without its config and model goes on costing money, and cannot be told what it is
        try:
            if call.operation == DELETE_COMPONENT:
                remove_component(aws, call)
                continue
            if call.operation == "DeleteEndpoint":
                wait_until_changeable(aws, call.request["EndpointName"])
            aws.make(call)
        except (ClientError, BotoCoreError, Failure) as error:
            refused.append(call)
            said = str(error) if isinstance(error, Failure) else explain(error)
            print(f"error: {_subject(call)}: {said}", file=sys.stderr)
    if refused:
        raise Failure(
            f"{len(refused)} of {len(calls)} could not be removed and may go on costing money. Run `{make('delete')}` "
            "again."
            + (still_kept(aws) if any(one.operation == "UpdateTrainingJob" for one in refused) else "")
            + (" Nothing was removed from S3." if with_data else "")
        )
    wait_until_gone(aws, names.endpoint(aws.settings.prefix))
    for kind, name, _ in running:
        print(f"{name} is stopping", file=sys.stderr)
        watch(aws, kind, name, show_log=False)
    if running:  # whose instances may have gone into warm pools
        for pool in inventory.seen(warm_pools, aws, []):
            if (call := end_pool_call(pool.name)) not in calls:
                aws.make(call)
    if with_data:
        # Listed anew, after the jobs have ended: one that was stopping may have left its model.
        s3, bucket = aws.client("s3"), aws.layout.bucket
        with Wait(f"the removal of what is in {aws.layout.root}/"):
            delete_objects(s3, bucket, _versions(aws, []) or inventory.stored_keys(aws))
            # Where versioning is suspended a key that goes leaves a delete marker.
            delete_objects(s3, bucket, _versions(aws, []))
    print("removed")


def _check_nothing_runs(aws: Aws) -> None:
    """Look once more. Raises Failure that comes after a table of what is still there."""
    unseen: list[str] = []
    for passed in moments():  # a list may be some seconds behind
        left = left_over(aws, unseen)
        only_pools = all(one.kind == WARM_POOL for one in left)
        if not left or passed > (SECONDS_OF_POOLS if only_pools else SECONDS_TO_BE_GONE):
            break
    if left:
        print_table(inventory.table(left))
        raise Failure(f"{len(left)} of them still there: run `{make('delete')}` again, or it goes on costing money.")
    if not unseen:  # which was told before
        print(f"nothing of {aws.settings.prefix} runs in {aws.region} any more")


def _versions(aws: Aws, unseen: list[str]) -> list[StoredVersion]:
    return inventory.seen(
        inventory.stored_versions, aws, unseen, so="Old versions in the bucket, if it keeps them, go on costing money."
    )


def _subject(call: Call) -> str:
    """What a call is about: the value of its field that names a resource."""
    [found] = [value for field, value in call.request.items() if field.endswith(("Name", "ResourceId", "Names"))]
    return found if isinstance(found, str) else ", ".join(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
