/** The style sheet of the HTML report; follows the reader's choice of light or dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --panel: #ffffff; --ink: #1c1b19; --muted: #63615c; --rule: #e3e1db;
  --good: #0b6e2e; --bad: #b3261e;
  --s0: #2a78d6; --s1: #159a6c; --s2: #d08700; --s3: #d63f3e; --s4: #6a4fc4; --s5: #008300;
  --s6: #cf5a91; --s7: #d95926;
  --file: #fbdcd9; --page: #fcebc8; --own: #e0ecfa; --read: #efeeea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #171716; --panel: #1f1f1d; --ink: #eceae4; --muted: #a5a299; --rule: #3a3935;
    --good: #6fce8f; --bad: #ff8f86;
    --s0: #4b98ec; --s1: #22b283; --s2: #dc9a1c; --s3: #ee6f6e; --s4: #9c8bec; --s5: #4db34d;
    --s6: #df6f9f; --s7: #e87d4d;
    --file: #5b2420; --page: #4d3a12; --own: #1d3552; --read: #32312d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 74rem;
  background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
}
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { margin: .4rem 0; max-width: 48rem; }
.note, figcaption, .lead { color: var(--muted); }
.findings { padding-left: 1.2rem; max-width: 56rem; }
.findings li { margin: .45rem 0; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.legend {
  display: flex; flex-wrap: wrap; gap: .25rem 1.25rem;
  padding: 0; margin: .75rem 0; list-style: none;
}
.legend svg { vertical-align: -2px; margin-right: .4rem; }
.panels {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr));
  gap: 1rem; margin-bottom: 1rem;
}
figure {
  margin: 0; padding: .75rem; max-width: 34rem;
  background: var(--panel); border: 1px solid var(--rule); border-radius: 6px;
}
figcaption { font-size: .85rem; margin-bottom: .25rem; }
figure svg { display: block; width: 100%; height: auto; }
.tick, .title { fill: var(--muted); font-size: 11px; }
.title { font-size: 11.5px; }
.grid { stroke: var(--rule); } .axis { stroke: var(--muted); }
.line { fill: none; stroke: var(--c); stroke-width: 2; opacity: .75; }
.bar { fill: none; stroke: var(--c); stroke-width: 1.25; }
.mark { fill: var(--c); stroke: var(--panel); stroke-width: 1; }
${Array.from({ length: 8 }, (_, i) => `.s${i} { --c: var(--s${i}); }`).join(' ')}
details { margin: .75rem 0; } summary { cursor: pointer; color: var(--muted); }
pre { font: .78rem/1.3 ui-monospace, "DejaVu Sans Mono", monospace; margin: 0; overflow-x: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; margin: .5rem 0; }
th, td {
  text-align: left; vertical-align: top; padding: .25rem .6rem;
  border-bottom: 1px solid var(--rule);
}
th { color: var(--muted); font-weight: 600; white-space: nowrap; }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.chip {
  display: inline-block; padding: 0 .4rem; margin: .1rem 0; border-radius: 4px;
  font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .78rem;
}
.chip.file { background: var(--file); } .chip.page { background: var(--page); }
.chip.own { background: var(--own); } .chip.read { background: var(--read); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; font-size: .9rem; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
@media print { figure { break-inside: avoid; } }
`;
