"""The page's style sheet: tabular numbers, the colours of Okabe and Ito, in light, in dark and in print.

The colours: https://jfly.uni-koeln.de/color (darker where they are letters on white). The tuning jobs' page has the
same style.
"""

STYLE = """
:root { color-scheme: light dark; --ground: #f6f5f2; --card: #fff; --ink: #22211f; --soft: #6d6a64; --line: #e4e2dd;
  --good: #0072b2; --warn: #9a6200; --bad: #b04a00; --s1: #0072b2; --s2: #c24e00; --s3: #007d5c; --s4: #a8508a;
  --s5: #9a6200; --s6: #6d6a64;
  --d0: #00477a; --d1: #0072b2; --d2: #3f8fc0; --d3: #7c9fae; --d4: #a89a78; --d5: #c48a45; --d6: #d0741c;
  --d7: #b04a00; }
@media screen and (prefers-color-scheme: dark) { :root { --ground: #191a1c; --card: #242629; --ink: #e9e7e3;
  --soft: #a19d95; --line: #3a3d42;
  --good: #56b4e9; --warn: #e69f00; --bad: #ff8a5c; --s1: #56b4e9; --s2: #ff8a5c; --s3: #2fc49a; --s4: #e39cc4;
  --s5: #e69f00; --s6: #a19d95;
  --d0: #2f8fd0; --d1: #56b4e9; --d2: #86c5e8; --d3: #b0c4c4; --d4: #cfbd93; --d5: #e0a860; --d6: #f09a4a;
  --d7: #ff8a5c; } }
.s1 { --c: var(--s1) } .s2 { --c: var(--s2) } .s3 { --c: var(--s3) } .s4 { --c: var(--s4) } .s5 { --c: var(--s5) }
.s6 { --c: var(--s6) }
.d0 { --c: var(--d0) } .d1 { --c: var(--d1) } .d2 { --c: var(--d2) } .d3 { --c: var(--d3) }
.d4 { --c: var(--d4) } .d5 { --c: var(--d5) } .d6 { --c: var(--d6) } .d7 { --c: var(--d7) }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.8rem 1.5rem 3rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { margin: 0 0 .2rem; font-size: 1.7rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.4rem 0 .7rem; font-size: 1.2rem; }
h3 { margin: 1.2rem 0 .5rem; font-size: 1rem; }
p { margin: .2rem 0; color: var(--soft); overflow-wrap: anywhere; }
a { color: inherit; }
.status { display: inline-block; margin: 0 0 .5rem; padding: .05rem .6rem; border-radius: 1rem; border: 1px solid;
  font-size: .8rem; font-weight: 600; }
.Completed { color: var(--good); } .Stopped, .InProgress { color: var(--warn); } .Failed { color: var(--bad); }
.reason { margin: .9rem 0 0; padding: .7rem 1rem; border-left: .3rem solid; background: var(--card);
  border-radius: .3rem; }
.facts { display: grid; grid-template-columns: repeat(4, auto); justify-content: start; gap: 1.1rem 3.4rem;
  margin: 1.4rem 0 1rem; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; font-size: 1.6rem; line-height: 1.25; }
.facts .more { color: var(--soft); font-size: .8rem; line-height: 1.4; }
.facts div:first-child dd:not(.more) { color: var(--good); font-weight: 600; }
.sentences div { display: grid; grid-template-columns: 9.5rem minmax(0, 1fr); gap: .2rem 1rem; padding: .3rem 0; }
.sentences dt { color: var(--soft); font-weight: 600; font-size: .9rem; line-height: 1.6; }
.sentences dd { margin: 0; overflow-wrap: anywhere; max-width: 56rem; }
.sentences ol { margin: 0; padding-left: 1.2rem; } .sentences li + li { margin-top: .3rem; }
.checked.fired, .note { color: var(--bad); }
.card { margin: 0; padding: .9rem 1rem; background: var(--card); border-radius: .5rem; min-width: 0;
  break-inside: avoid; }
.grid { display: grid; gap: .9rem; align-items: start; }
.grid + .grid, .card + .card { margin-top: .9rem; }
.grid > .card { margin: 0; align-self: stretch; }
.issues, .groups { grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); }
@media (min-width: 56rem) { .two { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .full { grid-column: 1 / -1; } }
.card > figcaption { margin-bottom: .7rem; font-size: .85rem; color: var(--soft); overflow-wrap: anywhere; }
.card > figcaption b { color: var(--ink); font-size: 1rem; margin-right: .35rem; }
.note, .small, .quiet { font-size: .85rem; }
.legend { color: var(--soft); font-size: .85rem; max-width: 62rem; margin: .2rem 0 .6rem; }
figcaption .legend { display: block; margin: .15rem 0 0; }
.note { margin-top: .5rem; }
.quiet { margin-top: .7rem; }

svg.plot { display: block; overflow: visible; margin: 8px var(--right) var(--bottom) var(--left);
  width: calc(100% - var(--left) - var(--right)); }
.keys { display: none; }
.stretched { overflow: visible; }
svg text { font-size: 12px; fill: var(--soft); }
svg .label { fill: var(--ink); font-weight: 600; } .bead { fill: var(--c); }
line.grid { stroke: var(--line); }
.base { stroke: var(--soft); stroke-opacity: .6; }
.mark, .diagonal { stroke: var(--soft); stroke-dasharray: 2 4; fill: none; }
.gap { stroke: var(--s1); stroke-opacity: .45; stroke-width: 2; }
.line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line, .diagonal { vector-effect: non-scaling-stroke; }
.layer { stroke-width: 1.2; stroke-opacity: .75; }
.range { stroke: var(--c); stroke-opacity: .45; stroke-width: 2; }
svg circle, svg rect { fill: var(--c); }
.area { fill: var(--c); fill-opacity: .8; }
.bin { fill-opacity: .85; }
.cross { stroke: var(--ink); stroke-opacity: .5; }
.values { position: absolute; z-index: 1; padding: .3rem .6rem; border: 1px solid var(--line); border-radius: .3rem;
  background: var(--card);
  font-size: .8rem; pointer-events: none; white-space: nowrap; }
.dot, .depth i { display: inline-block; width: .65em; height: .65em; border-radius: 50%; background: var(--c);
  margin-right: .45em; }
.depth { margin-top: .4rem; font-size: .8rem; }
.depth i { width: 1.1em; border-radius: 0; margin: 0; }

.shares { display: flex; height: 2.1rem; border-radius: .3rem; overflow: hidden; margin-bottom: .8rem; gap: 1px; }
.shares span { background: var(--c); color: var(--card); font-size: .8rem; line-height: 2.1rem; padding: 0 .5rem;
  overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; min-width: 2px; }
.shares span:empty { padding: 0; }
.counters { display: grid; gap: 1rem 1.6rem; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); }
.counter { break-inside: avoid; min-width: 0; }
.counter p:not(.legend) { color: var(--ink); font-weight: 600; font-size: .85rem; }
.counter .legend { font-size: .8rem; margin: 0; }
.counter p span { color: var(--soft); font-weight: 400; margin-left: .4rem; }
.counter .line { stroke-width: 1.3; }

.confusion { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 2px 6px; max-width: 36rem;
  margin: 0 auto; }
.matrix { display: block; width: 100%; aspect-ratio: 1; shape-rendering: crispEdges; }
.matrix .frame { fill: var(--line); fill-opacity: .35; } .matrix .right { fill: var(--s1); }
.matrix .wrong { fill: var(--s2); }
.confusion span { color: var(--soft); font-size: 11px; line-height: 1; }
.confusion i { font-style: normal; }
.named .rows { display: grid; grid-auto-rows: 1fr; text-align: right; align-items: center; }
.named .rows span { white-space: nowrap; }
.named .columns { grid-column: 2; display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); }
.named .columns span { writing-mode: vertical-rl; justify-self: center; white-space: nowrap; padding-top: 3px; }
.numbered .rows, .numbered .columns { position: relative; min-width: 1.6rem; min-height: 1rem; }
.numbered .columns { grid-column: 2; }
.numbered .rows span { position: absolute; right: 0; top: calc(var(--at) * 100%); transform: translateY(-50%); }
.numbered .columns span { position: absolute; top: 2px; left: calc(var(--at) * 100%); transform: translateX(-50%); }

.pictures { display: grid; gap: .7rem; grid-template-columns: repeat(6, minmax(0, 1fr)); }
.pictures figure { margin: 0; break-inside: avoid; min-width: 0; }
.pictures img { display: block; width: 100%; height: auto; aspect-ratio: 1; object-fit: cover; border-radius: .3rem;
  background: var(--line); }
.pictures figcaption { font-size: .8rem; line-height: 1.35; margin-top: .25rem; overflow-wrap: anywhere; }
.pictures .right b { color: var(--good); } .pictures .wrong b { color: var(--bad); }
.pictures span { color: var(--soft); }
.group > p { color: var(--ink); font-weight: 600; font-size: .9rem; margin-bottom: .5rem; }
.group > p span { color: var(--soft); font-weight: 400; }
.group .pictures { grid-template-columns: repeat(3, minmax(0, 1fr)); }

.issue { border-left: .3rem solid var(--line); } .issue.fired { border-color: var(--s2); }
.issue.broken { border-color: var(--s5); }
.issue h3 { margin: 0 0 .2rem; } .issue h3 span { color: var(--soft); font-weight: 400; font-size: .85rem;
  margin-left: .4rem; }
.said { color: var(--ink); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: .3rem .6rem .3rem 0; text-align: left; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; font-size: .8rem; }
td { overflow-wrap: anywhere; min-width: 3.6rem; } td:not(.n) { min-width: 5.5rem; }
tr:last-child td { border-bottom: 0; }
.n { width: 1%; text-align: right; white-space: nowrap; padding: .3rem 0 .3rem 1.6rem; }
.pairs { columns: 18rem; column-gap: 2.2rem; font-size: .9rem; }
.pairs div { display: flex; justify-content: space-between; gap: 1rem; padding: .25rem 0;
  border-bottom: 1px solid var(--line); break-inside: avoid; }
.pairs dt { color: var(--soft); } .pairs dd { margin: 0; text-align: right; overflow-wrap: anywhere; min-width: 0; }
pre { font: .85rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }

@media (max-width: 40rem) { body { padding: 1.2rem .8rem 2rem; } .sentences div { grid-template-columns: 1fr; }
  .facts { grid-template-columns: 1fr 1fr; gap: 1rem; }
  .facts dd { font-size: 1.35rem; overflow-wrap: anywhere; } .card { padding: .8rem .7rem; }
  table { font-size: .8rem; } .n { padding-left: .6rem; }
  .roomy { --right: 14px !important; } .roomy .label { display: none; }
  .keys { display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: .8rem; }
  .named .rows span { font-size: 9px; max-width: 5.5rem; overflow: hidden;
  text-overflow: ellipsis; } .pictures { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
@media print { :root { --ground: #fff; } html { font-size: 12px; }
body { max-width: none; padding: 0; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .card { border: 1px solid var(--line); } .wide { overflow: visible; }
  tr, .issue, .pictures figure { break-inside: avoid; } h2 { break-after: avoid; }
  .two { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); } .full { grid-column: 1 / -1; } }
"""
