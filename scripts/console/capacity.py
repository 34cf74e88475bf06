"""The next step where AWS has no instance of the type that was asked for."""

# In the FailureReason of a job ("CapacityError: Unable to provision requested ML compute capacity. ...") and of an
# endpoint ("... due to InsufficientInstanceCapacity error. ...").
_WORDS = ("CapacityError", "InsufficientInstanceCapacity", "requested ML compute capacity")


def capacity_step(reason: str, setting: str) -> str:
    """Empty where the reason is another. setting: where instance types are named, such as `train.instance-types`."""
    if not any(word in reason for word in _WORDS):
        return ""
    return f"AWS has no such instance to give now: name other types in {setting}, or try it again later."
