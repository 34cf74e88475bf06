"""CreateEndpoint, UpdateEndpoint, UpdateEndpointWeightsAndCapacities, DescribeEndpoint, ListEndpoints, DeleteEndpoint.

A status is earned: /ping decides about InService, and the end of a container about Failed.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
"""

import logging
import threading
import time
from collections.abc import Callable

from local_test.api.errors import ValidationException
from local_test.api.honoured_fields import check_honoured
from local_test.api.listing import one_page
from local_test.api.tags import Tags
from local_test.labels import ENDPOINT, filters, find
from local_test.platform import ACCOUNT, Platform
from local_test.serving import deployment_plan
from local_test.serving.alarms import unknown_alarms
from local_test.serving.blue_green import RolledBack, shift_traffic
from local_test.serving.deployment_plan import DeploymentPlan, plan_deployment
from local_test.serving.endpoint_configs import EndpointConfigs
from local_test.serving.endpoint_description import capture_summary, planned_variants, serving_variants
from local_test.serving.fleet import Fleet, Variant, start_fleet, start_instances, stop_all
from local_test.serving.instance import Instance, VariantPlan, plan_variant
from local_test.serving.live_endpoint import Deployment, LiveEndpoint
from local_test.serving.model_folder import ModelFolders
from local_test.serving.models import Models
from local_test.serving.retained_properties import with_retained
from local_test.serving.router import Router
from local_test.serving.serving_container import LONGEST_REASON, ServingFailed

CREATE = {"EndpointName": None, "EndpointConfigName": None, "DeploymentConfig": deployment_plan.HONOURED, "Tags": None}
UPDATE = {
    "EndpointName": None,
    "EndpointConfigName": None,
    "RetainAllVariantProperties": None,
    "ExcludeRetainedVariantProperties": None,
    "DeploymentConfig": deployment_plan.HONOURED,
    "RetainDeploymentConfig": None,
}
CAPACITIES = {
    "EndpointName": None,
    "DesiredWeightsAndCapacities": [
        {
            "VariantName": None,
            "DesiredWeight": None,
            "DesiredInstanceCount": None,
            "ServerlessUpdateConfig": {"MaxConcurrency": None, "ProvisionedConcurrency": None},
        }
    ],
}
SECONDS_TO_DRAIN = 3600  # the longest that one asynchronous invocation may take
RESTARTED = "The local SageMaker was restarted, and its containers ended with it. Update the endpoint, or delete it."
DEPLOYED = "DeployedConfig"  # field of the record that DescribeEndpoint does not show
logger = logging.getLogger(__name__)


class Endpoints:
    """Call `recover` before the first request and `stop_all` after the last."""

    def __init__(self, platform: Platform, tags: Tags, models: Models, configs: EndpointConfigs):
        self._platform, self._tags, self._models, self._configs = platform, tags, models, configs
        self._records = platform.state.records("endpoints")
        self._folders = ModelFolders(platform.objects, platform.folder / "endpoint-models")
        self._live: dict[str, LiveEndpoint] = {}
        self._lock = threading.RLock()

    def recover(self) -> None:
        """After a start: what the records say to be alive is not, and what a killed service left running is removed."""
        for container in find(self._platform.engine, ENDPOINT, self._platform.service):
            container.remove(force=True, v=True)
        for network in self._platform.engine.networks.list(filters=filters(ENDPOINT, self._platform.service)):
            network.remove()
        for record in self._records.all():
            if record["EndpointStatus"] == "Deleting":
                self._forget(record["EndpointName"])
            elif record["EndpointStatus"] != "Failed":
                gone = [{**variant, "CurrentInstanceCount": 0} for variant in record["ProductionVariants"]]
                self._set(
                    record["EndpointName"], EndpointStatus="Failed", FailureReason=RESTARTED, ProductionVariants=gone,
                    PendingDeploymentSummary=None,
                )

    def stop_all(self) -> None:
        """End every container: SIGTERM to all at once, SIGKILL after 30 seconds. The records stay, for `recover`."""
        with self._lock:
            live = list(self._live.values())
            for endpoint in live:
                endpoint.close("The local SageMaker was stopped.")
        for endpoint in live:
            endpoint.deployment.finished.wait()
        stop_all([instance for endpoint in live if endpoint.router for instance in endpoint.router.current.instances()])

    def live(self, name: str) -> LiveEndpoint | None:
        """The endpoint when it can be invoked: it was in service once and is not being deleted."""
        endpoint = self._live.get(name)
        return endpoint if endpoint and endpoint.router and not endpoint.closing.is_set() else None

    def why_not_live(self, name: str) -> str:
        """For an endpoint that cannot be invoked, what its record says, "" when there is none."""
        record = self._records.get(name)
        if record is None:
            return ""
        return f"Its status is {record['EndpointStatus']}. {record.get('FailureReason', '')}".strip()

    def create_endpoint(self, request: dict) -> dict:
        check_honoured(request, CREATE)
        name, arn = request["EndpointName"], self._arn(request["EndpointName"])
        config = self._configs.get(request["EndpointConfigName"])
        plans = self._plans(config)
        self._plan_deployment(request.get("DeploymentConfig"), plans)
        now = time.time()
        record = {
            "EndpointName": name,
            "EndpointArn": arn,
            "EndpointConfigName": config["EndpointConfigName"],
            "EndpointStatus": "Creating",
            "CreationTime": now,
            "LastModifiedTime": now,
            "ProductionVariants": planned_variants(plans, "Creating", now),
            DEPLOYED: config,
            **{field: value for field, value in self._described(config).items() if value is not None},
            **({"LastDeploymentConfig": request["DeploymentConfig"]} if "DeploymentConfig" in request else {}),
        }
        with self._lock:
            if not self._records.create(name, record):
                raise ValidationException(f'Cannot create already existing endpoint "{arn}".')
            self._tags.set(arn, request.get("Tags"))
            live = self._live[name] = LiveEndpoint(name, Deployment())
            self._run(live, lambda: self._bring_into_service(live, config, plans))
        return {"EndpointArn": arn}

    def update_endpoint(self, request: dict) -> dict:
        check_honoured(request, UPDATE)
        name, arn = request["EndpointName"], self._arn(request["EndpointName"])
        config = self._configs.get(request["EndpointConfigName"])
        with self._lock:
            record = self._changeable(name, ("InService", "Failed"))
            deployed = record[DEPLOYED]
            if ("AsyncInferenceConfig" in config) != ("AsyncInferenceConfig" in deployed):
                what = "removed from" if "AsyncInferenceConfig" in deployed else "added to"
                raise ValidationException(f"The AsyncInferenceConfig parameter cannot be {what} this endpoint {name}.")
            if request.get("RetainAllVariantProperties"):
                config = with_retained(config, deployed, request.get("ExcludeRetainedVariantProperties", []))
            plans = self._plans(config)
            policy = request.get("DeploymentConfig")
            if request.get("RetainDeploymentConfig"):
                if policy:
                    raise ValidationException("RetainDeploymentConfig excludes DeploymentConfig. Give one of the two.")
                policy = record.get("LastDeploymentConfig")
            deployment = self._plan_deployment(policy, plans)
            now = time.time()
            pending = {
                "EndpointConfigName": config["EndpointConfigName"],
                "ProductionVariants": planned_variants(plans, "Creating", now),
                "StartTime": now,
            }
            live = self._live.get(name)
            if live:
                live.deployment = Deployment()
            else:
                live = self._live[name] = LiveEndpoint(name, Deployment())
            last = {"LastDeploymentConfig": policy} if policy else {}
            self._set(name, EndpointStatus="Updating", FailureReason=None, PendingDeploymentSummary=pending, **last)
            if live.router:
                self._run(live, lambda: self._replace(live, live.router, config, plans, deployment))
            else:
                self._run(live, lambda: self._bring_into_service(live, config, plans))
        return {"EndpointArn": arn}

    def update_endpoint_weights_and_capacities(self, request: dict) -> dict:
        check_honoured(request, CAPACITIES)
        name = request["EndpointName"]
        with self._lock:
            self._changeable(name, ("InService",))
            live = self._live[name]
            wanted = {change["VariantName"]: change for change in request["DesiredWeightsAndCapacities"]}
            for problem in _capacity_problems(live.router.current, wanted):
                raise ValidationException(problem)
            live.deployment = Deployment()
            self._set(name, EndpointStatus="Updating", FailureReason=None)
            self._run(live, lambda: self._change_capacities(live, live.router, wanted))
        return {"EndpointArn": self._arn(name)}

    def describe_endpoint(self, request: dict) -> dict:
        record = self._get(request["EndpointName"])
        del record[DEPLOYED]
        return record

    def list_endpoints(self, request: dict) -> dict:
        fields = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
        return one_page([{name: record[name] for name in fields} for record in self._records.all()], request, "Endpoint", "Endpoints")

    def delete_endpoint(self, request: dict) -> dict:
        name = request["EndpointName"]
        with self._lock:
            record = self._get(name)
            live = self._live.get(name)
            if live is None:
                self._forget(name)
            elif record["EndpointStatus"] != "Deleting":
                live.close("The endpoint was deleted.")
                self._set(name, EndpointStatus="Deleting")
                threading.Thread(target=self._take_down, args=(live,), name=f"deletion of {name}", daemon=True).start()
        return {}

    def _take_down(self, live: LiveEndpoint) -> None:
        live.deployment.finished.wait()
        try:
            if live.router:
                live.router.current.stop()
        finally:
            with self._lock:
                self._forget(live.name)
                del self._live[live.name]

    def _bring_into_service(self, live: LiveEndpoint, config: dict, plans: list[VariantPlan]) -> None:
        try:
            fleet = self._start_fleet(live, config, plans)
        except ServingFailed as error:
            self._failed(live, live.deployment.reason or str(error))
            return
        with self._lock:
            if not live.closing.is_set():
                live.router = Router(fleet)
                self._in_service(live, fleet)
                return
        fleet.stop()

    def _replace(self, live: LiveEndpoint, router: Router, config: dict, plans: list[VariantPlan], plan: DeploymentPlan) -> None:
        """An update: the new fleet is in service before it gets a request, the old one until it has answered its last."""
        old = router.current
        limit = threading.Timer(
            plan.most_seconds or 0, live.deployment.give_up, ["The update took longer than MaximumExecutionTimeoutInSeconds."]
        )
        if plan.most_seconds:
            limit.start()
        try:
            incoming = live.incoming = self._start_fleet(live, config, plans)
        except ServingFailed as error:
            limit.cancel()
            self._rolled_back(live, live.deployment.reason or str(error))
            return
        try:
            shift_traffic(router, incoming, plan, live.deployment, ACCOUNT, self._platform.region)
        except RolledBack as reason:
            if not live.closing.is_set():
                self._set(live.name, EndpointStatus="RollingBack")
            router.settle(old)
            live.incoming = None
            router.wait_until_idle(incoming.instances(), SECONDS_TO_DRAIN, live.closing)
            incoming.stop()
            self._rolled_back(live, str(reason))
            return
        finally:
            limit.cancel()
        with self._lock:
            router.settle(incoming)
            live.incoming = None
        router.wait_until_idle(old.instances(), SECONDS_TO_DRAIN, live.closing)
        old.stop()
        self._in_service(live, incoming)

    def _change_capacities(self, live: LiveEndpoint, router: Router, wanted: dict[str, dict]) -> None:
        fleet = router.current
        more = {
            name: change["DesiredInstanceCount"] - len(fleet.variants[name].instances)
            for name, change in wanted.items()
            if "DesiredInstanceCount" in change
        }
        starting = [fleet.variants[name] for name, count in more.items() for _ in range(count)]
        try:
            started = start_instances(
                self._platform, self._folders, live.name, [variant.plan for variant in starting], live.deployment.cancelled
            )
        except ServingFailed as error:
            self._rolled_back(live, live.deployment.reason or str(error))
            return
        for variant, instance in zip(starting, started):
            router.add(variant, [instance])
            self._watch(live, variant, instance)
        leaving = [one for name, count in more.items() if count < 0 for one in router.withdraw(fleet.variants[name], -count)]
        router.set_weights({name: change["DesiredWeight"] for name, change in wanted.items() if "DesiredWeight" in change})
        for name, change in wanted.items():
            if "MaxConcurrency" in change.get("ServerlessUpdateConfig", {}):
                fleet.variants[name].max_concurrency = change["ServerlessUpdateConfig"]["MaxConcurrency"]
        router.wait_until_idle(leaving, SECONDS_TO_DRAIN, live.closing)
        stop_all(leaving)
        fleet.config = _with_capacities(fleet.config, fleet)
        self._in_service(live, fleet)

    def _start_fleet(self, live: LiveEndpoint, config: dict, plans: list[VariantPlan]) -> Fleet:
        fleet = start_fleet(self._platform, self._folders, live.name, config, plans, live.deployment.cancelled)
        for variant in fleet.variants.values():
            for instance in variant.instances:
                self._watch(live, variant, instance)
        return fleet

    def _watch(self, live: LiveEndpoint, variant: Variant, instance: Instance) -> None:
        instance.container.when_dead(lambda sentence: self._died(live, variant, sentence))

    def _died(self, live: LiveEndpoint, variant: Variant, sentence: str) -> None:
        with self._lock:
            if live.closing.is_set():
                return
            if live.incoming and variant in live.incoming.variants.values():
                live.deployment.give_up(live.incoming.death() or sentence)
            # While a deployment is under way, its end says how the endpoint is.
            elif live.router and live.deployment.finished.is_set():
                self._in_service(live, live.router.current)

    def _in_service(self, live: LiveEndpoint, fleet: Fleet, reason: str | None = None) -> None:
        """Write down how the fleet is: in service, unless one of its containers has ended."""
        with self._lock:
            if live.closing.is_set():
                return
            death = fleet.death()
            self._set(
                live.name,
                EndpointStatus="Failed" if death else "InService",
                FailureReason=(death or reason or "")[:LONGEST_REASON] or None,
                EndpointConfigName=fleet.config["EndpointConfigName"],
                ProductionVariants=serving_variants(fleet),
                PendingDeploymentSummary=None,
                **self._described(fleet.config),
                **{DEPLOYED: fleet.config},
            )

    def _rolled_back(self, live: LiveEndpoint, reason: str) -> None:
        self._in_service(live, live.router.current, reason)

    def _failed(self, live: LiveEndpoint, reason: str) -> None:
        with self._lock:
            if not live.closing.is_set():
                self._set(live.name, EndpointStatus="Failed", FailureReason=reason[:LONGEST_REASON], PendingDeploymentSummary=None)

    def _run(self, live: LiveEndpoint, work: Callable[[], None]) -> None:
        """In a thread of its own; whatever goes wrong in it shows in the endpoint's status."""
        deployment = live.deployment

        def run() -> None:
            try:
                work()
            except Exception as error:
                logger.exception("the deployment of endpoint %s", live.name)
                self._failed(live, f"A fault of the local SageMaker, whose log has more: {error}")
            finally:
                with self._lock:
                    deployment.finished.set()
                    # A container that ended between the last look and now would otherwise stay unnoticed.
                    if live.router and not live.closing.is_set() and live.router.current.death():
                        self._in_service(live, live.router.current)

        threading.Thread(target=run, name=f"deployment of {live.name}", daemon=True).start()

    def _plans(self, config: dict) -> list[VariantPlan]:
        return [plan_variant(variant, self._models.get(variant["ModelName"])) for variant in config["ProductionVariants"]]

    def _plan_deployment(self, policy: dict | None, plans: list[VariantPlan]) -> DeploymentPlan:
        try:
            plan = plan_deployment(policy, sum(one.count for one in plans))
        except ValueError as error:
            raise ValidationException(str(error)) from error
        for alarm in unknown_alarms(plan.alarms, ACCOUNT, self._platform.region):
            raise ValidationException(f"There is no CloudWatch alarm {alarm}. Create it with PutMetricAlarm first.")
        return plan

    def _changeable(self, name: str, statuses: tuple[str, ...]) -> dict:
        record = self._get(name)
        if record["EndpointStatus"] not in statuses:
            if record["EndpointStatus"] == "Failed":
                raise ValidationException(f'Endpoint "{self._arn(name)}" is Failed. Update it with UpdateEndpoint, or delete it.')
            raise ValidationException(f'Cannot update in-progress endpoint "{self._arn(name)}".')
        return record

    def _described(self, config: dict) -> dict:
        return {"DataCaptureConfig": capture_summary(config), "AsyncInferenceConfig": config.get("AsyncInferenceConfig")}

    def _get(self, name: str) -> dict:
        record = self._records.get(name)
        if record is None:
            raise ValidationException(f'Could not find endpoint "{self._arn(name)}".')
        return record

    def _set(self, name: str, **changes) -> None:
        self._records.update(name, LastModifiedTime=time.time(), **changes)

    def _forget(self, name: str) -> None:
        self._records.delete(name)
        self._tags.forget(self._arn(name))

    def _arn(self, name: str) -> str:
        return self._platform.arn("endpoint", name)


def _capacity_problems(fleet: Fleet, wanted: dict[str, dict]) -> list[str]:
    found = [f"The endpoint has no variant {name}." for name in wanted if name not in fleet.variants]
    for name, change in wanted.items():
        serverless = name in fleet.variants and fleet.variants[name].plan.memory_mb is not None
        if change.get("DesiredInstanceCount") == 0:
            found.append(f"The local SageMaker does not scale variant {name} to 0 instances. Delete the endpoint instead.")
        if serverless and "DesiredInstanceCount" in change:
            found.append(f"Variant {name} is serverless: DesiredInstanceCount is not for it.")
        if not serverless and "ServerlessUpdateConfig" in change:
            found.append(f"Variant {name} is not serverless: ServerlessUpdateConfig is not for it.")
    if not found:
        weights = {name: variant.weight for name, variant in fleet.variants.items()}
        weights |= {name: change["DesiredWeight"] for name, change in wanted.items() if "DesiredWeight" in change}
        if not any(weights.values()):
            found.append("At least one variant needs a weight above 0.")
    return found


def _with_capacities(config: dict, fleet: Fleet) -> dict:
    """The configuration as it would have to be for this fleet: what RetainAllVariantProperties retains."""
    variants = []
    for variant in config["ProductionVariants"]:
        now = fleet.variants[variant["VariantName"]]
        count = {} if now.plan.memory_mb else {"InitialInstanceCount": len(now.instances)}
        variants.append({**variant, **count, "InitialVariantWeight": now.weight})
    return {**config, "ProductionVariants": variants}
