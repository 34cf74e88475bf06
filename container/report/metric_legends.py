"""What each metric of the machine means and what good looks like, by the beginnings of their names in the record.

The names are those of profile_record.
"""

# The first that fits counts.
_LEGENDS = (
    ("CPU of other programs", "Share of the cores that programs outside this job had. Good: near 0."),
    ("CPU stolen", "Share of the cores that the hypervisor gave to other virtual machines. Good: 0."),
    ("CPU limit reached", "How often the container was halted at its CPU limit. Good: 0."),
    ("CPU", "Use of all cores. Good on a CPU: near 100% while it trains; with a GPU: below that."),
    ("memory of GPU", "Good: level. Much room left is room for a larger batch-size."),
    ("memory", "Good: level, and well below 100%."),
    ("GPU", "Share of the time in which the GPU computed. Good: near 100%; each gap is a wait."),
    ("waiting for disks", "Good: near 0. More: the disk cannot keep up."),
    ("read from disks", "Good: much while the pictures are decoded, little afterwards."),
    ("written to disks", "Good: peaks where models and checkpoints are saved."),
    ("received", "What came over the network: gradients of other hosts, pictures in FastFile mode."),
    ("sent", "What went over the network: gradients to other hosts."),
)


def legend_of(metric: str) -> str:
    """Plain text; empty for a metric that is not known."""
    return next((legend for beginning, legend in _LEGENDS if metric.startswith(beginning)), "")
