"""How much memory an instance type has: a container of many models must not have more here than on AWS, or it would
never make room.

Source: EC2's own list of its types, which moto carries.
"""

from functools import cache

from local_test.storage.moto_internals import check_moto


@cache
def memory_mb(instance_type: str) -> int | None:
    """MiB of `ml.m5.large`: 8192; None for a type that EC2 does not list. The memory of its GPUs counts, too: without a
    GPU here, what it would hold is in the machine's own.
    """
    check_moto("instance types")
    from moto.ec2.models.instance_types import INSTANCE_TYPES  # a second, which only endpoints of many models take

    known = INSTANCE_TYPES.get(instance_type.removeprefix("ml."))
    if known is None:
        return None
    of_gpus: int = (known.get("GpuInfo") or {}).get("TotalGpuMemoryInMiB", 0)
    of_machine: int = known["MemoryInfo"]["SizeInMiB"]
    return of_machine + of_gpus
