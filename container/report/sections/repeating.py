"""What it takes to repeat the run: hyperparameters, versions, and the command."""

from container.report.markup import text
from container.report.record import RunRecord
from container.report.sections.section import pairs, section


def hyperparameters(record: RunRecord) -> str:
    return section(
        "hyperparameters",
        "Hyperparameters",
        pairs(record.hyperparameters),
        "The run ended before its hyperparameters were read.",
    )


def versions(record: RunRecord) -> str:
    return section("versions", "Versions", pairs(record.versions), "No versions were recorded.")


def command(record: RunRecord) -> str:
    body = f"<pre class='card'>{text(record.command)}</pre>" if record.command else ""
    return section("command", "To repeat this run", body, "No command was recorded.")
