"""How much memory a running container uses."""

from docker.models.containers import Container


def used_memory(container: Container) -> int:
    """Bytes, as `docker stats` counts them: without the page cache that the kernel can drop at any time.

    https://docs.docker.com/reference/cli/docker/container/stats/
    """
    memory = container.stats(stream=False)["memory_stats"]
    details = memory["stats"]
    return memory["usage"] - details.get("inactive_file", details.get("total_inactive_file", 0))  # cgroup v2, v1
