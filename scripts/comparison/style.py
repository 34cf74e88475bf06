"""The style of a comparison's page, on top of that of a tuning job's. A run's colour and dashes follow from its number.

The colours are Okabe and Ito's (https://jfly.uni-koeln.de/color), darker on white, and two more.
"""

from scripts.tuning.page import STYLE as SHARED

_LIGHT = ("#0072b2", "#c24e00", "#007d5c", "#a8508a", "#806000", "#5d5a55", "#5b4fc0", "#a33b3b")
_DARK = ("#56b4e9", "#ff8a5c", "#2fc49a", "#e39cc4", "#e69f00", "#bdb8af", "#b5acff", "#f0e442")
_DASHES = ("none", "8 5", "2 4")
MOST_RUNS = len(_LIGHT) * len(_DASHES)  # that can be told apart

STYLE = (
    SHARED
    + """
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 3px solid var(--completed); outline-offset: 2px; }
table { border-spacing: 0; border-collapse: separate; width: auto; min-width: 100%; }
th, td { vertical-align: top; }
thead th { min-width: 8.5rem; max-width: 15rem; white-space: normal; overflow-wrap: anywhere; color: var(--ink); }
.side [scope=row], thead th:first-child { position: sticky; left: 0; z-index: 1; background: var(--card); width: auto;
  min-width: 9.5rem; max-width: 13rem; white-space: normal; border-right: 1px solid var(--line); }
tbody th[scope=rowgroup] { background: var(--ground); color: var(--ink); font-size: 1rem; padding: 1rem .7rem .35rem; }
tbody th[scope=rowgroup] span { position: sticky; left: .7rem; }
td { white-space: normal; overflow-wrap: anywhere; min-width: 7rem; max-width: 22rem; }
small { display: block; font-size: .8rem; }
td small { color: var(--soft); }
.differs th, .differs td { font-weight: 600; color: var(--ink); }
.same td { color: var(--soft); }
.wide { position: relative; }
td.best { background: var(--best); font-weight: 600; }
.best small { color: inherit; font-weight: 400; }
.InProgress, .Stopping { color: var(--stopped); }
.number { display: inline-block; min-width: 1.5em; padding: 0 .35em; margin-right: .4em; border: 2px solid var(--c);
  border-radius: .3em; text-align: center; color: var(--ink); }
.legend { margin: 0 0 .9rem; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .5rem;
  display: flex; flex-wrap: wrap; gap: .1rem 1.4rem; }
.legend legend { padding: 0 .3rem; color: var(--soft); font-size: .85rem; }
.legend label { display: inline-flex; align-items: center; gap: .5rem; min-height: 2rem; overflow-wrap: anywhere;
  cursor: pointer; }
.legend input { width: 1.1rem; height: 1.1rem; flex: none; }
.legend svg { flex: none; }
main { display: block; }
.charts { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); }
figure { padding: .8rem 1rem; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: .6rem; }
figcaption span { font-weight: 400; color: var(--soft); font-size: .85rem; }
svg.plot { display: block; overflow: visible; margin: 8px 34px 38px var(--left);
  width: calc(100% - var(--left) - 34px); }
.stretched { overflow: visible; }
.plot text { font-size: 12px; fill: var(--soft); } .plot .end { fill: var(--ink); font-weight: 600;
  stroke: var(--card); stroke-width: 3px; paint-order: stroke; }
line.grid { stroke: var(--line); }
.line { fill: none; stroke: var(--c); stroke-width: 2; stroke-dasharray: var(--d); stroke-linejoin: round;
  vector-effect: non-scaling-stroke; }
circle { fill: var(--c); }
details { margin-top: .4rem; font-size: .85rem; } summary { cursor: pointer; color: var(--soft); min-height: 1.6rem; }
details table { font-size: .8rem; } details th, details td { min-width: 4rem; }
pre { margin: .3rem 0; padding: .6rem .8rem; background: var(--card); border-radius: .5rem; white-space: pre-wrap;
  overflow-wrap: anywhere; font: .85rem/1.5 ui-monospace, monospace; }
@media (max-width: 40rem) { body { padding: 1rem .8rem; } th, td { padding: .3rem .45rem; }
  thead th { min-width: 7rem; }
  .side [scope=row], thead th:first-child { min-width: 6rem; max-width: 7.5rem; font-size: .8rem; }
  figure { padding: .7rem .6rem; } }
@media print { .side [scope=row], thead th:first-child { position: static; } details, .legend { display: none; } }
"""
)


def style_of(count: int) -> str:
    """The style sheet of a page of so many runs, MOST_RUNS at most. A box that is not checked hides its run."""
    runs = range(1, count + 1)
    looks = [
        f".run-{one} {{ --c: var(--c{(one - 1) % len(_LIGHT)}); --d: {_DASHES[(one - 1) // len(_LIGHT)]}; }}"
        for one in runs
    ]
    hiding = [f"body:has(#show-{one}:not(:checked)) .plot .run-{one} {{ display: none; }}" for one in runs]
    light, dark = (
        "; ".join(f"--c{place}: {colour}" for place, colour in enumerate(found)) for found in (_LIGHT, _DARK)
    )
    dark_only = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark}; }} }}"
    return "\n".join([STYLE, f":root {{ {light}; }}", dark_only, *looks, *hiding])
