"""The instances of a training job: of one type, or of the first of several in order of preference.

Every type is there on one machine, so the first is what the job gets, and DescribeTrainingJob says so as AWS does.
Source: botocore, ResourceConfig and InstancePreference.
"""

from typing import Any


def of_preferences(resources: dict[str, Any]) -> tuple[str, ...]:
    """The types that ResourceConfig names, in order of preference."""
    preferences = resources.get("InstancePreferences", [])
    return tuple(one["InstanceType"] for one in preferences) or (resources["InstanceType"],)


def selected(resources: dict[str, Any]) -> tuple[str, int]:
    """(type, count) of the instances that a job with this ResourceConfig runs on."""
    preferences = resources.get("InstancePreferences")
    if not preferences:
        return resources["InstanceType"], resources.get("InstanceCount", 1)
    return preferences[0]["InstanceType"], preferences[0].get("InstanceCount", resources.get("InstanceCount", 1))


def with_selected(resources: dict[str, Any]) -> dict[str, Any]:
    """ResourceConfig as the description has it."""
    if "InstancePreferences" not in resources:
        return resources
    kind, count = selected(resources)
    return {**resources, "SelectedInstanceType": kind, "SelectedInstanceCount": count}


def preference_problems(resources: dict[str, Any], spot: bool) -> list[str]:
    """What is wrong with InstancePreferences, a sentence each. spot: EnableManagedSpotTraining."""
    preferences = resources["InstancePreferences"]
    others = ("InstanceType", "InstanceGroups", "InstancePlacementConfig")
    excluded = [*(name for name in others if name in resources), *(["EnableManagedSpotTraining"] if spot else [])]
    found = [f"ResourceConfig.InstancePreferences excludes {name}. Give one of the two." for name in excluded]
    kinds = [one["InstanceType"] for one in preferences]
    found += [
        f"ResourceConfig.InstancePreferences names {kind} twice."
        for kind in dict.fromkeys(kinds)
        if kinds.count(kind) > 1
    ]
    counted = sum("InstanceCount" in one for one in preferences)
    wanted = 0 if "InstanceCount" in resources else len(preferences)
    if counted != wanted:
        found.append(
            "Give InstanceCount either in ResourceConfig or in every one of its InstancePreferences, and not in both."
        )
    return found


def first_of_trials(definition: dict[str, Any]) -> dict[str, Any] | None:
    """The ResourceConfig of a tuning job's training jobs; None where the definition has none.

    definition: TrainingJobDefinition. Of several InstanceConfigs the first is what there is capacity for.
    """
    resources = definition.get("HyperParameterTuningResourceConfig", definition.get("ResourceConfig"))
    if resources is None or "InstanceConfigs" not in resources:
        return resources
    rest = {name: one for name, one in resources.items() if name not in ("InstanceConfigs", "AllocationStrategy")}
    return {**rest, **resources["InstanceConfigs"][0]}


def config_problems(resources: dict[str, Any]) -> list[str]:
    """What is wrong with the InstanceConfigs of a HyperParameterTuningResourceConfig, a sentence each."""
    if "InstanceConfigs" not in resources:
        return []
    return [
        f"HyperParameterTuningResourceConfig.InstanceConfigs excludes {name}. Give one of the two."
        for name in ("InstanceType", "InstanceCount", "VolumeSizeInGB")
        if name in resources
    ]
