"""The operations of inference components: models that share the instances of one endpoint.

CreateInferenceComponent, UpdateInferenceComponent, UpdateInferenceComponentRuntimeConfig, DescribeInferenceComponent,
ListInferenceComponents, DeleteInferenceComponent. A copy is what an instance of another endpoint is: its containers.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateInferenceComponent.html
"""

import time
from typing import Any

from local_test.api.errors import ApiError, ValidationException
from local_test.api.listing import one_page
from local_test.api.supported_fields import check_supported
from local_test.api.tags import Tags
from local_test.host.emulator_settings import Platform
from local_test.serving import component_definition
from local_test.serving.blue_green import DeploymentPlan
from local_test.serving.component_definition import RUNTIME, changed, served_model, specification_problems
from local_test.serving.component_hosting import RECORDS
from local_test.serving.deployments import Deployments
from local_test.serving.endpoint_description import SERVED
from local_test.serving.endpoints import Endpoints
from local_test.serving.fleet import Fleet, empty_fleet, owned_by_component
from local_test.serving.live_endpoint import Deployment, LiveEndpoint, end_all, name_without_effect
from local_test.serving.model_folder import ModelFolders
from local_test.serving.models import Models
from local_test.serving.variant_plan import VariantPlan, plan_component

SPECIFICATION = "Specification"
IN_PROGRESS = ("Creating", "Updating")
COPIES = ("DesiredCopyCount", "CurrentCopyCount")
SUMMARY = (
    "InferenceComponentName",
    "InferenceComponentArn",
    "InferenceComponentStatus",
    "EndpointName",
    "EndpointArn",
    "VariantName",
    "CreationTime",
    "LastModifiedTime",
)
RESTARTED = (
    "The local SageMaker was restarted, and the copies of the inference component ended with it. Update it with "
    "UpdateInferenceComponent, or delete it."
)


class InferenceComponents:
    """Call `recover` after that of the endpoints and before the first request, and `stop_all` after the last."""

    def __init__(self, platform: Platform, tags: Tags, models: Models, endpoints: Endpoints):
        self._platform, self._tags, self._models, self._endpoints = platform, tags, models, endpoints
        self._records = platform.state.records(RECORDS)
        self._live: dict[str, LiveEndpoint] = {}
        self._lock = endpoints.lock  # an endpoint must not go while a component comes
        folders = ModelFolders(platform.objects, platform.files, platform.folder / "component-models")
        self._deployments = Deployments(platform, folders, self._lock, self._tell)

    def recover(self) -> None:
        """After a start: the copies of an earlier service are gone. A component without copies is as it was."""
        for record in self._records.all():
            name, status = record["InferenceComponentName"], record["InferenceComponentStatus"]
            if status == "Deleting":
                self._forget(name)
            elif status != "Failed" and not (record.get(SERVED) and self._is_put_back(record)):
                self._set(name, InferenceComponentStatus="Failed", FailureReason=RESTARTED, CurrentCopyCount=0)

    def stop_all(self) -> None:
        """End every copy. The records stay, for `recover`."""
        with self._lock:
            live = list(self._live.values())
            for component in live:
                component.close("The local SageMaker was stopped.")
        end_all(live)

    def live(self, name: str) -> LiveEndpoint | None:
        """The component when it can be invoked: it was in service once and is not being deleted."""
        component = self._live.get(name)
        return component if component and component.router and not component.closing.is_set() else None

    def why_not_live(self, name: str) -> str:
        """For a component that cannot be invoked, what its record says, "" when there is none."""
        record = self._records.get(name)
        if record is None:
            return ""
        return f"Its status is {record['InferenceComponentStatus']}. {record.get('FailureReason', '')}".strip()

    def create_inference_component(self, request: dict[str, Any]) -> dict[str, Any]:
        check_supported(request, component_definition.CREATE, "CreateInferenceComponent", self._platform.strict)
        name, endpoint = request["InferenceComponentName"], request["EndpointName"]
        arn, now = self._arn(name), time.time()
        copies = request.get("RuntimeConfig", {}).get("CopyCount", 1)
        specification = request.get(SPECIFICATION, {})
        with self._lock:
            config = self._endpoints.hosting(endpoint)
            variant = _variant(config, endpoint, request.get("VariantName"))
            plan = self._plan(config, variant, specification, copies)
            record = {
                "InferenceComponentName": name,
                "InferenceComponentArn": arn,
                "EndpointName": endpoint,
                "EndpointArn": self._platform.arn("endpoint", endpoint),
                "VariantName": variant["VariantName"],
                SPECIFICATION: specification,
                **dict(zip(COPIES, (copies, 0), strict=True)),
                "CreationTime": now,
                "LastModifiedTime": now,
                "InferenceComponentStatus": "Creating",
            }
            if not self._records.create(name, record):
                raise ValidationException(f'Cannot create already existing inference component "{arn}".')
            self._tags.set(arn, request.get("Tags"))
            live = self._live[name] = LiveEndpoint(owned_by_component(name, endpoint), Deployment())
            self._name_without_effect(live, "CreateInferenceComponent", request, plan)
            self._deployments.bring_into_service(live, _deployed(config, variant, specification), [plan])
        return {"InferenceComponentArn": arn}

    def update_inference_component(self, request: dict[str, Any]) -> dict[str, Any]:
        check_supported(request, component_definition.UPDATE, "UpdateInferenceComponent", self._platform.strict)
        name = request["InferenceComponentName"]
        with self._lock:
            record = self._changeable(name, ("InService", "Failed"))
            config = self._endpoints.hosting(record["EndpointName"])
            copies = request.get("RuntimeConfig", {}).get("CopyCount", record["DesiredCopyCount"])
            if SPECIFICATION not in request and record["InferenceComponentStatus"] == "InService":
                return self._change_copies(record, copies)
            specification = changed(record[SPECIFICATION], request.get(SPECIFICATION, {}))
            variant = _variant(config, record["EndpointName"], record["VariantName"])
            plan = self._plan(config, variant, specification, copies)
            live = self._live.get(name)
            if live:
                live.deployment = Deployment()
            else:
                live = self._live[name] = LiveEndpoint(owned_by_component(name, record["EndpointName"]), Deployment())
            deployed = _deployed(config, variant, specification)
            last = {"LastDeploymentConfig": request["DeploymentConfig"]} if "DeploymentConfig" in request else {}
            self._set(name, InferenceComponentStatus="Updating", FailureReason=None, DesiredCopyCount=copies, **last)
            self._name_without_effect(live, "UpdateInferenceComponent", request, plan)
            if live.router:
                self._deployments.replace(live, deployed, [plan], DeploymentPlan())
            else:
                self._deployments.bring_into_service(live, deployed, [plan])
        return {"InferenceComponentArn": self._arn(name)}

    def update_inference_component_runtime_config(self, request: dict[str, Any]) -> dict[str, Any]:
        check_supported(request, {"InferenceComponentName": None, "DesiredRuntimeConfig": RUNTIME})
        with self._lock:
            record = self._changeable(request["InferenceComponentName"], ("InService",))
            return self._change_copies(record, request["DesiredRuntimeConfig"]["CopyCount"])

    def describe_inference_component(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._get(request["InferenceComponentName"])
        shown = {field: value for field, value in record.items() if field not in (SERVED, *COPIES)}
        summary = component_definition.specification_summary(record[SPECIFICATION])
        return {**shown, SPECIFICATION: summary, "RuntimeConfig": {field: record[field] for field in COPIES}}

    def list_inference_components(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = {
            field: request[f"{field}Equals"] for field in ("EndpointName", "VariantName") if f"{field}Equals" in request
        }
        summaries = [
            {field: record[field] for field in SUMMARY}
            for record in self._records.all()
            if wanted.items() <= record.items()
        ]
        return one_page(summaries, request, "InferenceComponent", "InferenceComponents")

    def delete_inference_component(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["InferenceComponentName"]
        with self._lock:
            record = self._get(name)
            live = self._live.get(name)
            if live is None:
                self._forget(name)
            elif record["InferenceComponentStatus"] in IN_PROGRESS:
                raise self._in_progress(name)
            elif record["InferenceComponentStatus"] != "Deleting":
                self._set(name, InferenceComponentStatus="Deleting")
                live.delete("The inference component was deleted.", lambda: self._deleted(name))
        return {}

    def _change_copies(self, record: dict[str, Any], copies: int) -> dict[str, Any]:
        name, variant = record["InferenceComponentName"], record["VariantName"]
        live = self._live[name]
        live.deployment = Deployment()
        self._set(name, InferenceComponentStatus="Updating", FailureReason=None, DesiredCopyCount=copies)
        self._deployments.change_capacities(live, {variant: {"VariantName": variant, "DesiredInstanceCount": copies}})
        return {"InferenceComponentArn": record["InferenceComponentArn"]}

    def _is_put_back(self, record: dict[str, Any]) -> bool:
        """Whether the component is in service, since it has no copies that could have ended."""
        name, endpoint = record["InferenceComponentName"], record["EndpointName"]
        if record["DesiredCopyCount"]:
            return False
        try:
            config = self._endpoints.hosting(endpoint)
            variant = _variant(config, endpoint, record["VariantName"])
            plan = self._plan(config, variant, record[SPECIFICATION], 0)
        except ApiError:  # its model or its image is gone
            return False
        fleet = empty_fleet(_deployed(config, variant, record[SPECIFICATION]), [plan])
        self._live[name] = LiveEndpoint.at_rest(owned_by_component(name, endpoint), fleet)
        self._tell(self._live[name], "InService", None, fleet)
        return True

    def _plan(
        self, config: dict[str, Any], variant: dict[str, Any], specification: dict[str, Any], copies: int
    ) -> VariantPlan:
        """Raises ValidationException for a specification that cannot be."""
        for problem in specification_problems(specification):
            raise ValidationException(problem)
        named = specification.get("ModelName")
        model = served_model(specification, config, self._models.get(named) if named else None)
        for problem in component_definition.model_problems(model):
            raise ValidationException(problem)
        if not named:
            self._models.check_containers(model)
        return plan_component(variant, model, specification, copies)

    def _name_without_effect(
        self, live: LiveEndpoint, operation: str, request: dict[str, Any], plan: VariantPlan
    ) -> None:
        name_without_effect(self._platform, live.owner.log_group, operation, request, [plan.model])

    def _tell(self, live: LiveEndpoint, status: str, reason: str | None, fleet: Fleet | None) -> None:
        if status == "RollingBack":  # of which a component has no word: it stays Updating
            return
        serving: dict[str, Any] = {"CurrentCopyCount": 0}
        if fleet:
            [variant] = fleet.variants.values()
            counts = dict(zip(COPIES, (len(variant.instances), len(variant.alive())), strict=True))
            serving = {SPECIFICATION: fleet.config[SPECIFICATION], **counts, SERVED: True}
        self._set(live.name, InferenceComponentStatus=status, FailureReason=reason, **serving)

    def _changeable(self, name: str, statuses: tuple[str, ...]) -> dict[str, Any]:
        record = self._get(name)
        status, called = record["InferenceComponentStatus"], f'Inference component "{self._arn(name)}"'
        if status == "Failed" and not record.get(SERVED):
            raise ValidationException(f"{called} could not be created. Delete it and create it anew.")
        if status == "Failed" and status not in statuses:
            raise ValidationException(f"{called} is Failed. Update it with UpdateInferenceComponent, or delete it.")
        if status not in statuses:
            raise self._in_progress(name)
        return record

    def _in_progress(self, name: str) -> ValidationException:
        return ValidationException(f'Cannot update in-progress inference component "{self._arn(name)}".')

    def _get(self, name: str) -> dict[str, Any]:
        record = self._records.get(name)
        if record is None:
            raise ValidationException(f'Could not find inference component "{self._arn(name)}".')
        return record

    def _set(self, name: str, **changes: Any) -> None:
        self._records.update(name, LastModifiedTime=time.time(), **changes)

    def _deleted(self, name: str) -> None:
        with self._lock:
            self._forget(name)
            del self._live[name]

    def _forget(self, name: str) -> None:
        self._records.delete(name)
        self._tags.forget(self._arn(name))

    def _arn(self, name: str) -> str:
        return self._platform.arn("inference-component", name)


def _variant(config: dict[str, Any], endpoint: str, name: str | None) -> dict[str, Any]:
    """The variant of this name, or the only one. Raises ValidationException."""
    variants = {one["VariantName"]: one for one in config["ProductionVariants"]}
    if name is None and len(variants) == 1:
        [name] = variants
    if name is None:
        raise ValidationException(f"Endpoint {endpoint} has several variants: give VariantName.")
    if name not in variants:
        raise ValidationException(f"Endpoint {endpoint} has no variant {name}; it has {', '.join(variants)}.")
    return variants[name]


def _deployed(config: dict[str, Any], variant: dict[str, Any], specification: dict[str, Any]) -> dict[str, Any]:
    """The endpoint's configuration as it is for one component, whose specification is known by it."""
    return {**config, "ProductionVariants": [variant], SPECIFICATION: specification}
