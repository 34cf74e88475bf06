"""The page of a tuning job: its picture, what was found, and every trial, the best first. One file, nothing loaded from
elsewhere.
"""

import base64
from collections import Counter
from datetime import UTC, datetime
from html import escape

from contract.waits import minutes
from scripts.config.ranges import Categories, Range
from scripts.tuning.job import Trial, Tuning
from scripts.tuning.table import shown_objective, shown_value

STYLE = """
:root { color-scheme: light dark; --ground: #f6f5f2; --card: #fff; --ink: #22211f; --soft: #6d6a64; --line: #e4e2dd;
  --completed: #0072b2; --stopped: #9a6200; --failed: #b04a00; --best: #fbf7c5; }
@media screen and (prefers-color-scheme: dark) { :root { --ground: #191a1c; --card: #242629; --ink: #e9e7e3;
  --soft: #a19d95;
  --line: #3a3d42; --completed: #56b4e9; --stopped: #e69f00; --failed: #ff8a5c; --best: #45431f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--ground); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
h1 { margin: 0 0 .2rem; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .6rem; font-size: 1.15rem; }
p { margin: .2rem 0; color: var(--soft); overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; }
.facts { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.2rem 0 1.6rem; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: .9rem; }
figure { margin: 0; padding: .4rem; background: var(--card); border-radius: .5rem; break-inside: avoid; }
img { display: block; width: 100%; height: auto; }
.marks { margin-top: .6rem; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; font-size: .85rem; }
.wide { overflow-x: auto; background: var(--card); border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
[scope=row] { width: 12rem; }
td.reason { white-space: normal; min-width: 16rem; }
.best { background: var(--best); font-weight: 600; }
.Completed { color: var(--completed); }
.Stopped { color: var(--stopped); }
.Failed { color: var(--failed); }
@media print { body { max-width: none; padding: 0; font-size: 11px; } .wide { overflow: visible; }
tr { break-inside: avoid; }
  table { font-size: 8px; } th, td { padding: .15rem .3rem; white-space: normal; overflow-wrap: anywhere; }
  td.reason { min-width: 0; } }
"""


# What the marks in the pictures mean: these have no room for it.
_MARKS = (
    "<p class='marks'><span>★ best</span><span class='Completed'>● completed</span><span class='Stopped'>▽ stopped "
    "before its end</span>"
    "<span class='Failed'>× failed</span><span>— best so far</span></p>"
)


def page(tuning: Tuning, pictures: list[tuple[str, bytes, bytes]], model: str | None) -> str:
    """HTML. pictures: a panel's label, its PNG on a light ground, and the same on a dark one. model: URI of the best
    trial's.
    """
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(tuning.name)}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style></head><body>"
        f"<h1>{escape(tuning.name)}</h1><p>{escape(_summary(tuning))}</p>"
        f"<dl class='facts'>{_facts(tuning)}</dl>{_best(tuning, model)}"
        f"<h2>{escape(tuning.metric)}, trial by "
        f"trial</h2><main>{''.join(_figure(tuning, *one) for one in pictures)}</main>{_MARKS}"
        f"<h2>Every trial, the best first</h2><div class='wide'>{_table(tuning)}</div>"
        f"<h2>What was searched</h2><div class='wide'>{_searched(tuning)}</div></body></html>\n"
    )


def _summary(tuning: Tuning) -> str:
    aim = "as high as can be" if tuning.maximize else "as low as can be"
    failure = f" {tuning.failure.rstrip('.')}." if tuning.failure else ""
    return f"A {tuning.strategy} search for {tuning.metric} {aim}. It is {tuning.status}.{failure}"


def _facts(tuning: Tuning) -> str:
    counts = Counter(trial.status for trial in tuning.trials)
    facts = {
        f"best {tuning.metric}": shown_objective(tuning.best_trial) if tuning.best_trial else "none",
        "trials": len(tuning.trials),
        **{f"of them {status}": count for status, count in sorted(counts.items())},
        "time": minutes(tuning.seconds),
    }
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(str(fact))}</dd></div>" for name, fact in facts.items())


def _best(tuning: Tuning, model: str | None) -> str:
    best = tuning.best_trial
    if best is None:
        return ""
    rows = "".join(_pair(name, value) for name, value in best.hyperparameters.items())
    if model:
        rows += f"<tr><th scope='row'>model</th><td class='reason'><code>{escape(model)}</code></td></tr>"
    return f"<h2>The best trial, {escape(best.name)}</h2><div class='wide'><table>{rows}</table></div>"


def _figure(tuning: Tuning, label: str, light: bytes, dark: bytes) -> str:
    return (
        f"<figure><picture><source media='screen and (prefers-color-scheme: dark)' srcset='{_data(dark)}'>"
        f"<img alt='{escape(tuning.metric, quote=True)} by {escape(label, quote=True)}' "
        f"src='{_data(light)}'></picture></figure>"
    )


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _table(tuning: Tuning) -> str:
    with_reason = any(trial.failure for trial in tuning.trials)
    titles = ["trial", "status", tuning.metric, *tuning.ranges, "time", *(["reason"] if with_reason else [])]
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    rows = "".join(_row(tuning, one, with_reason) for one in tuning.ranked())
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(tuning: Tuning, trial: Trial, with_reason: bool) -> str:
    best = trial.name == tuning.best
    seconds = trial.seconds(datetime.now(UTC))
    cells = [
        shown_objective(trial),
        *(shown_value(trial.hyperparameters.get(name, "")) for name in tuning.ranges),
        "" if seconds is None else minutes(seconds),
    ]
    return (
        f"<tr{' class=best' if best else ''}><td><code>{escape(tuning.short_name(trial))}</code>"
        f"{' ★' if best else ''}</td>"
        f"<td "
        f"class='{escape(trial.status)}'>{escape(trial.status)}</td>"
        f"{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}"
        f"{f'<td class=reason>{escape(trial.failure)}</td>' if with_reason else ''}</tr>"
    )


def _searched(tuning: Tuning) -> str:
    said = {name: _words(one) for name, one in tuning.ranges.items()}
    said |= {name: f"{value} in every trial" for name, value in sorted(tuning.static.items())}
    return f"<table>{''.join(_pair(name, words) for name, words in said.items())}</table>"


def _pair(name: str, value: str) -> str:
    return f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>"


def _words(searched: Range) -> str:
    if isinstance(searched, Categories):
        return ", ".join(searched.values)
    return f"{searched.low} to {searched.high}{', whole' if searched.whole else ''}, scale {searched.scale}"
