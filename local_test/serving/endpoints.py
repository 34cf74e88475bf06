"""CreateEndpoint, UpdateEndpoint, UpdateEndpointWeightsAndCapacities, DescribeEndpoint, ListEndpoints, DeleteEndpoint.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
"""

import threading
import time
from typing import Any

from local_test.api.errors import ValidationException
from local_test.api.listing import one_page
from local_test.api.supported_fields import check_supported
from local_test.api.tags import Tags
from local_test.host.emulator_settings import ACCOUNT, Platform
from local_test.serving import blue_green, capacities, component_hosting
from local_test.serving.blue_green import DeploymentPlan, plan_deployment, unknown_alarms
from local_test.serving.capacities import capacity_problems, with_retained
from local_test.serving.component_hosting import hosts_components
from local_test.serving.deployments import Deployments
from local_test.serving.endpoint_configs import EndpointConfigs
from local_test.serving.endpoint_description import DEPLOYED, SERVED, config_fields, planned_variants, serving_variants
from local_test.serving.fleet import Fleet, empty_fleet, owned_by_endpoint
from local_test.serving.live_endpoint import Deployment, LiveEndpoint, end_all, name_without_effect
from local_test.serving.model_folder import ModelFolders
from local_test.serving.models import Models
from local_test.serving.variant_plan import VariantPlan, plan_host, plan_variant

CREATE = {"EndpointName": None, "EndpointConfigName": None, "DeploymentConfig": blue_green.SUPPORTED, "Tags": None}
UPDATE = {
    "EndpointName": None,
    "EndpointConfigName": None,
    "RetainAllVariantProperties": None,
    "ExcludeRetainedVariantProperties": None,
    "DeploymentConfig": blue_green.SUPPORTED,
    "RetainDeploymentConfig": None,
}
IN_PROGRESS = ("Creating", "Updating", "RollingBack")
RESTARTED = "The local SageMaker was restarted, and its containers ended with it. Update the endpoint, or delete it."


class Endpoints:
    """Call `recover` before the first request and `stop_all` after the last. lock: held while endpoints, and what is
    hosted on them, change.
    """

    def __init__(self, platform: Platform, tags: Tags, models: Models, configs: EndpointConfigs):
        self._platform, self._tags, self._models, self._configs = platform, tags, models, configs
        self._records = platform.state.records("endpoints")
        self._live: dict[str, LiveEndpoint] = {}
        self._components = platform.state.records(component_hosting.RECORDS)
        self.lock = threading.RLock()
        folders = ModelFolders(platform.objects, platform.files, platform.folder / "endpoint-models")
        self._deployments = Deployments(platform, folders, self.lock, self._tell)

    def recover(self) -> None:
        """After a start: what the records say to be alive is not, since the containers of an earlier service are
        gone.
        """
        for record in self._records.all():
            if record["EndpointStatus"] == "Deleting":
                self._forget(record["EndpointName"])
            elif hosts_components(record[DEPLOYED]):
                self._put_back(record)
            elif record["EndpointStatus"] != "Failed":
                gone = [{**variant, "CurrentInstanceCount": 0} for variant in record["ProductionVariants"]]
                self._set(
                    record["EndpointName"],
                    EndpointStatus="Failed",
                    FailureReason=RESTARTED,
                    ProductionVariants=gone,
                    PendingDeploymentSummary=None,
                )

    def stop_all(self) -> None:
        """End every container: SIGTERM to all at once, SIGKILL after 30 seconds. The records stay, for `recover`."""
        with self.lock:
            live = list(self._live.values())
            for endpoint in live:
                endpoint.close("The local SageMaker was stopped.")
        end_all(live)

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

    def hosting(self, name: str) -> dict[str, Any]:
        """The configuration of an endpoint on which inference components can be now. Raises ValidationException."""
        record = self._get(name)
        if not hosts_components(record[DEPLOYED]):
            raise ValidationException(
                "Inference Components are not supported in this Endpoint. Please make sure this endpoint can deploy "
                "inference components."
            )
        if record["EndpointStatus"] != "InService":
            raise ValidationException(f'Endpoint "{self._arn(name)}" is {record["EndpointStatus"]}, not InService.')
        config: dict[str, Any] = record[DEPLOYED]
        return config

    def create_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        check_supported(request, CREATE)
        name, arn = request["EndpointName"], self._arn(request["EndpointName"])
        config = self._configs.get(request["EndpointConfigName"])
        plans = self._plans(config)
        self._plan_deployment(request.get("DeploymentConfig"), plans)
        now = time.time()
        record = {
            "EndpointName": name,
            "EndpointArn": arn,
            "EndpointStatus": "Creating",
            "CreationTime": now,
            "LastModifiedTime": now,
            "ProductionVariants": planned_variants(plans, "Creating", now),
            **{field: value for field, value in config_fields(config).items() if value is not None},
            **({"LastDeploymentConfig": request["DeploymentConfig"]} if "DeploymentConfig" in request else {}),
        }
        with self.lock:
            if not self._records.create(name, record):
                raise ValidationException(f'Cannot create already existing endpoint "{arn}".')
            self._tags.set(arn, request.get("Tags"))
            live = self._live[name] = LiveEndpoint(owned_by_endpoint(name), Deployment())
            self._name_without_effect(live, config, plans)
            self._deployments.bring_into_service(live, config, plans)
        return {"EndpointArn": arn}

    def update_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        check_supported(request, UPDATE)
        name, arn = request["EndpointName"], self._arn(request["EndpointName"])
        config = self._configs.get(request["EndpointConfigName"])
        with self.lock:
            record = self._changeable(name, ("InService", "Failed"))
            deployed = record[DEPLOYED]
            if ("AsyncInferenceConfig" in config) != ("AsyncInferenceConfig" in deployed):
                what = "removed from" if "AsyncInferenceConfig" in deployed else "added to"
                raise ValidationException(f"The AsyncInferenceConfig parameter cannot be {what} this endpoint {name}.")
            if request.get("RetainAllVariantProperties"):
                config = with_retained(config, deployed, request.get("ExcludeRetainedVariantProperties", []))
            hosted = component_hosting.components_on(self._components, name)
            for problem in component_hosting.update_problems(config, deployed, hosted):
                raise ValidationException(problem)
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
                live = self._live[name] = LiveEndpoint(owned_by_endpoint(name), Deployment())
            last = {"LastDeploymentConfig": policy} if policy else {}
            self._set(name, EndpointStatus="Updating", FailureReason=None, PendingDeploymentSummary=pending, **last)
            self._name_without_effect(live, config, plans)
            if live.router:
                self._deployments.replace(live, config, plans, deployment)
            else:
                self._deployments.bring_into_service(live, config, plans)
        return {"EndpointArn": arn}

    def update_endpoint_weights_and_capacities(self, request: dict[str, Any]) -> dict[str, Any]:
        check_supported(request, capacities.SUPPORTED)
        name = request["EndpointName"]
        with self.lock:
            self._changeable(name, ("InService",))
            live = self._live[name]
            wanted = {change["VariantName"]: change for change in request["DesiredWeightsAndCapacities"]}
            for problem in capacity_problems(live.serving().current, wanted):
                raise ValidationException(problem)
            live.deployment = Deployment()
            self._set(name, EndpointStatus="Updating", FailureReason=None)
            self._deployments.change_capacities(live, wanted)
        return {"EndpointArn": self._arn(name)}

    def describe_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._get(request["EndpointName"])
        shown = {field: value for field, value in record.items() if field not in (DEPLOYED, SERVED)}
        if not hosts_components(record[DEPLOYED]):
            return shown
        hosted = component_hosting.components_on(self._components, request["EndpointName"])
        return {**shown, "ProductionVariants": component_hosting.with_instances(record, hosted)}

    def list_endpoints(self, request: dict[str, Any]) -> dict[str, Any]:
        fields = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
        return one_page(
            [{name: record[name] for name in fields} for record in self._records.all()],
            request,
            "Endpoint",
            "Endpoints",
        )

    def delete_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["EndpointName"]
        with self.lock:
            record = self._get(name)
            hosted = component_hosting.components_on(self._components, name)
            for problem in component_hosting.deletion_problems(self._arn(name), hosted):
                raise ValidationException(problem)
            live = self._live.get(name)
            if live is None:
                self._forget(name)
            elif record["EndpointStatus"] in IN_PROGRESS:
                raise self._in_progress(name)
            elif record["EndpointStatus"] != "Deleting":
                self._set(name, EndpointStatus="Deleting")
                live.delete("The endpoint was deleted.", lambda: self._deleted(name))
        return {}

    def _deleted(self, name: str) -> None:
        with self.lock:
            self._forget(name)
            del self._live[name]

    def _put_back(self, record: dict[str, Any]) -> None:
        """An endpoint that hosts inference components has no container of its own: none ended with the service."""
        name, config = record["EndpointName"], record[DEPLOYED]
        fleet = empty_fleet(config, self._plans(config))
        self._live[name] = LiveEndpoint.at_rest(owned_by_endpoint(name), fleet)
        self._tell(self._live[name], "InService", None, fleet)

    def _tell(self, live: LiveEndpoint, status: str, reason: str | None, fleet: Fleet | None) -> None:
        if status == "RollingBack":
            self._set(live.name, EndpointStatus=status)
            return
        serving: dict[str, Any] = {}
        if fleet:
            serving = {"ProductionVariants": serving_variants(fleet), **config_fields(fleet.config), SERVED: True}
        self._set(live.name, EndpointStatus=status, FailureReason=reason, PendingDeploymentSummary=None, **serving)

    def _name_without_effect(self, live: LiveEndpoint, config: dict[str, Any], plans: list[VariantPlan]) -> None:
        models = [plan.model for plan in plans if plan.model]
        name_without_effect(self._platform, live.owner.log_group, "CreateEndpointConfig", config, models)

    def _plans(self, config: dict[str, Any]) -> list[VariantPlan]:
        if hosts_components(config):
            return [plan_host(variant) for variant in config["ProductionVariants"]]
        return [
            plan_variant(variant, self._models.get(variant["ModelName"])) for variant in config["ProductionVariants"]
        ]

    def _plan_deployment(self, policy: dict[str, Any] | None, plans: list[VariantPlan]) -> DeploymentPlan:
        try:
            plan = plan_deployment(policy, sum(one.count for one in plans))
        except ValueError as error:
            raise ValidationException(str(error)) from error
        for alarm in unknown_alarms(plan.alarms, ACCOUNT, self._platform.region):
            raise ValidationException(f"There is no CloudWatch alarm {alarm}. Create it with PutMetricAlarm first.")
        return plan

    def _changeable(self, name: str, statuses: tuple[str, ...]) -> dict[str, Any]:
        record = self._get(name)
        status, called = record["EndpointStatus"], f'Endpoint "{self._arn(name)}"'
        if status == "Failed" and not record.get(SERVED):
            raise ValidationException(f"{called} could not be created. Delete it and create it anew.")
        if status == "Failed" and status not in statuses:
            raise ValidationException(f"{called} is Failed. Update it with UpdateEndpoint, or delete it.")
        if status not in statuses:
            raise self._in_progress(name)
        return record

    def _in_progress(self, name: str) -> ValidationException:
        return ValidationException(f'Cannot update in-progress endpoint "{self._arn(name)}".')

    def _get(self, name: str) -> dict[str, Any]:
        record = self._records.get(name)
        if record is None:
            raise ValidationException(f'Could not find endpoint "{self._arn(name)}".')
        return record

    def _set(self, name: str, **changes: Any) -> None:
        self._records.update(name, LastModifiedTime=time.time(), **changes)

    def _forget(self, name: str) -> None:
        self._records.delete(name)
        self._tags.forget(self._arn(name))

    def _arn(self, name: str) -> str:
        return self._platform.arn("endpoint", name)
