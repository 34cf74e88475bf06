"""What rules and profile found: first what fired, in sentences with numbers, then what found nothing, in one line."""

from container.report.markup import section, text
from container.report.record import Finding, Rule, RunRecord
from container.report.shown_numbers import given, number


def checks(record: RunRecord) -> str:
    """The section of the checks."""
    fired = [_rule(one) for one in record.rules if one.status == "IssuesFound"] + [
        _finding(one) for one in record.findings
    ]
    broken = [_rule(one) for one in record.rules if one.status == "Error"]
    quiet = _line("Found nothing", record.rules, ("NoIssuesFound",)) + _line(
        "Had not finished", record.rules, ("InProgress", "Stopping", "Stopped")
    )
    body = (f"<div class='grid issues'>{''.join(fired + broken)}</div>" if fired or broken else "") + quiet
    return section("checks", "Checks", body, "No rule was evaluated in this run, and no profile was taken.")


def _rule(rule: Rule) -> str:
    if rule.status == "IssuesFound":
        kind, where = "fired", f"at step {rule.step:,}" if rule.step is not None else ""
    else:
        kind, where = "broken", "could not be evaluated"
    sentence = rule.sentence or "It gave no reason."
    asked = ", ".join(f"{name} {_shown(value)}" for name, value in rule.parameters.items())
    return _issue(kind, rule.rule, where, sentence, f"Parameters: {asked}" if asked else "")


def _finding(finding: Finding) -> str:
    unit = finding.unit if finding.unit.startswith("%") or not finding.unit else f" {finding.unit}"
    measured = number(finding.value) + unit if finding.value is not None else ""
    limit = f"Threshold: {given(finding.threshold)}{unit}. " if finding.threshold is not None else ""
    return _issue("fired", finding.rule, measured, finding.sentence, limit, finding.advice)


def _issue(kind: str, title: str, beside: str, sentence: str, small: str, advice: str = "") -> str:
    return (
        f"<article class='card issue {kind}'><h3>{text(title)} <span>{text(beside)}</span></h3><p "
        f"class='said'>{text(sentence)}</p>"
        f"{f'<p class=said>→ {text(advice)}</p>' if advice else ''}"
        f"{f'<p class=small>{text(small)}</p>' if small else ''}</article>"
    )


def _line(words: str, rules: list[Rule], statuses: tuple[str, ...]) -> str:
    names = [one.rule for one in rules if one.status in statuses]
    return f"<p class='quiet'>{text(words)}: {text(', '.join(names))}.</p>" if names else ""


def _shown(value: object) -> str:
    return given(value) if isinstance(value, float) else str(value)
