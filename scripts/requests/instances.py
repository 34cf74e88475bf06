"""On which instances a job or an endpoint runs: of one type, or of the first of several that has capacity.

AWS takes the order in three ways: InstancePreferences of a training job, InstanceConfigs of a tuning job's trials,
InstancePools of an endpoint.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InstancePreference.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningResourceConfig.html
https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-heterogeneous.html
"""

from typing import Any

from scripts.config.sections import Deploy, Train


def preferred_types(section: Train | Deploy) -> tuple[str, ...]:
    """The instance types that the settings name, in order of preference; at least one."""
    return section.instance_types or (section.instance_type,)


def training_resources(train: Train, *, keep_alive: bool = False) -> dict[str, Any]:
    """ResourceConfig. keep_alive: whether the instances go into a warm pool at the job's end, where the settings want
    one.
    """
    kept = {"KeepAlivePeriodInSeconds": train.keep_alive_seconds} if keep_alive and train.keep_alive_seconds else {}
    types = (
        {"InstancePreferences": [{"InstanceType": one} for one in train.instance_types]}
        if train.instance_types
        else {"InstanceType": train.instance_type}
    )
    return {**types, "InstanceCount": train.instance_count, "VolumeSizeInGB": train.volume_gb, **kept}


def end_pool_request(job: str) -> dict[str, Any]:
    """UpdateTrainingJob that ends the warm pool of the training job of this name.

    https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools-how-to-use.html
    """
    return {"TrainingJobName": job, "ResourceConfig": {"KeepAlivePeriodInSeconds": 0}}


def trial_resources(train: Train) -> dict[str, Any]:
    """The field of HyperParameterTrainingJobDefinition that says it. Trials follow each other in warm pools by
    themselves.
    """
    if not train.instance_types:
        return {"ResourceConfig": training_resources(train)}
    configs = [
        {"InstanceType": one, "InstanceCount": train.instance_count, "VolumeSizeInGB": train.volume_gb}
        for one in train.instance_types
    ]
    if len(configs) == 1:  # AWS wants a single one outside the list
        return {"HyperParameterTuningResourceConfig": configs[0]}
    return {"HyperParameterTuningResourceConfig": {"AllocationStrategy": "Prioritized", "InstanceConfigs": configs}}


def variant_instances(deploy: Deploy) -> dict[str, Any]:
    """The fields of a ProductionVariant."""
    if not deploy.instance_types:
        return {"InstanceType": deploy.instance_type}
    pools = [{"InstanceType": one, "Priority": priority} for priority, one in enumerate(deploy.instance_types, start=1)]
    return {"InstancePools": pools}


def types_of_variant(variant: dict[str, Any]) -> tuple[str, ...]:
    """Of a ProductionVariant as DescribeEndpointConfig answers it, in order of preference; none of a serverless one."""
    pools = sorted(variant.get("InstancePools", []), key=lambda one: one["Priority"])
    return tuple(one["InstanceType"] for one in pools) or tuple(
        one for one in (variant.get("InstanceType"),) if one is not None
    )


def instance_types(resources: dict[str, Any]) -> tuple[str, ...]:
    """Of ResourceConfig as DescribeTrainingJob answers it: of one kind of instance, of groups, or what was selected of
    preferences; none where nothing is selected yet.
    """
    groups = [one["InstanceType"] for one in resources.get("InstanceGroups", [])]
    one_type = resources.get("SelectedInstanceType") or resources.get("InstanceType")
    return tuple(dict.fromkeys(groups)) or ((one_type,) if one_type else ())


def instance_count(resources: dict[str, Any]) -> int:
    """Of the same: how many instances the job has in all."""
    groups = resources.get("InstanceGroups", [])
    if groups:
        return sum(one["InstanceCount"] for one in groups)
    return resources.get("SelectedInstanceCount") or resources.get("InstanceCount", 1)
