"""The style sheet of a contact sheet."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root {
  --ink: #1b1f24; --muted: #5a616b; --line: #e2dfd8; --paper: #fbfaf7; --card: #fff; --mark: #ffd23f; --accent: #0067a5;
  --tall: clamp(236px, 25vw, 316px); color-scheme: light;
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
  font: 16px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
header, main { max-width: 1680px; margin: 0 auto; padding: 0 clamp(14px, 3.4vw, 56px); }
header { padding-top: clamp(28px, 4.6vw, 60px); display: grid; gap: 18px 48px; }
h1 {
  margin: 0 0 8px; font-size: clamp(1.8rem, 4vw, 2.8rem); line-height: 1.12; letter-spacing: -.024em;
  overflow-wrap: anywhere;
}
h2 { margin: 44px 0 14px; font-size: 1.35rem; line-height: 1.2; letter-spacing: -.015em; }
h2 small { font-size: .95rem; font-weight: 400; color: var(--muted); letter-spacing: 0; }
p { margin: 0; max-width: 74ch; }
a { color: inherit; text-decoration-color: #b9b4a9; text-underline-offset: 3px; }
:focus-visible { outline: 3px solid #4a97cf; outline-offset: 2px; border-radius: 4px; }
code {
  font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: #f0ede6; padding: 1px 6px;
  border-radius: 5px;
}
.lead { font-size: 1.06rem; color: var(--muted); }
.lead strong { color: var(--ink); font-weight: 640; }
.warn { color: #7a4d00; }
.spread { margin: 0; max-width: 460px; }
.spread svg { display: block; width: 100%; height: 64px; }
.spread figcaption {
  display: flex; justify-content: space-between; gap: 12px; margin-top: 5px; font-size: .82rem;
  color: var(--muted); font-variant-numeric: tabular-nums;
}
.key {
  display: flex; flex-wrap: wrap; align-items: center; gap: 8px 22px; margin: 22px 0 20px; padding: 12px 0;
  border-block: 1px solid var(--line); font-size: .88rem; color: var(--muted);
}
.key span, .key label { display: inline-flex; align-items: center; gap: 8px; }
.key label { color: var(--ink); font-weight: 560; cursor: pointer; padding: 4px 0; }
.key input { width: 18px; height: 18px; margin: 0; accent-color: var(--accent); }
.key svg { width: 26px; height: 26px; flex: none; border-radius: 5px; background: #4b4741; }
.key .strip {
  display: inline-flex; gap: 0; align-items: stretch; width: 36px; height: 11px; border-radius: 3px;
  overflow: hidden;
}
.key .strip i { flex: 1; }
.key a { margin-left: auto; color: var(--ink); font-weight: 560; }

.sheet {
  list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: clamp(12px, 1.6vw, 22px);
  align-items: flex-start;
}
.sheet::after { content: ""; flex: 100000 0 0; }
.card {
  flex: calc(var(--shape) * 100) 1 calc(var(--shape) * var(--tall)); min-width: min(100%, 156px);
  max-width: min(100%, calc(var(--shape) * var(--tall) * 1.36));
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden;
}
.frame { aspect-ratio: var(--shape); display: grid; place-items: center; background: #e9e5dc; overflow: hidden; }
.art { position: relative; aspect-ratio: var(--picture); width: 100%; }
.art.upright { width: auto; height: 100%; }
.art img { display: block; width: 100%; height: 100%; }
.marks { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.marks * { fill: none; vector-effect: non-scaling-stroke; stroke-linecap: round; stroke-linejoin: round; }
.marks .shade { stroke: rgb(20 18 14 / .62); stroke-width: 3.4px; }
.marks .line { stroke: var(--mark); stroke-width: 1.5px; }
.marks .dots.shade { stroke-width: 4.8px; }
.marks .dots.line { stroke-width: 2.8px; }
body:has(#show-marks:not(:checked)) .marks { display: none; }
.gone { margin: 0; padding: 16px; text-align: center; font-size: .86rem; color: var(--muted); }
.palette { display: flex; height: 14px; border-top: 2px solid var(--card); }
.palette i { min-width: 1px; }
.words { padding: 11px 13px 12px; }
.words h3 {
  display: flex; gap: 8px; justify-content: space-between; margin: 0 0 7px; font-size: .93rem; line-height: 1.3;
  font-weight: 640; overflow-wrap: anywhere;
}
.words h3 small {
  flex: none; font-size: .8rem; font-weight: 400; color: var(--muted); line-height: 1.5;
  font-variant-numeric: tabular-nums;
}
dl { margin: 0; font-size: .84rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 142px), 1fr)); column-gap: 26px; }
dl div { display: flex; justify-content: space-between; gap: 10px; padding: 2px 0; }
dt { color: var(--muted); min-width: 0; }
dd { margin: 0; text-align: right; font-weight: 560; overflow-wrap: anywhere; min-width: 3ch; }
dd small { font-size: .9em; font-weight: 400; color: var(--muted); }
dl .sorted { grid-column: 1 / -1; margin: 0 -7px 4px; padding: 4px 7px; border-radius: 6px; background: #e8f1f8; }
dl .sorted dt, dl .sorted dd { color: #00446e; }
details summary { cursor: pointer; margin-top: 7px; padding: 4px 0; font-size: .84rem; color: var(--muted); }
details summary:hover { color: var(--ink); }
details h4 { margin: 10px 0 2px; font-size: .78rem; font-weight: 640; letter-spacing: .02em; }
details dl { font-size: .8rem; }
details dd { font-weight: 450; }
.where { font-size: .8rem; color: var(--muted); overflow-wrap: anywhere; }

#failures { padding-bottom: 80px; }
#failures details {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 4px 16px 8px;
  margin: 0 0 10px;
}
#failures summary { font-size: .96rem; color: var(--ink); margin: 0; padding: 8px 0; }
#failures summary b { font-variant-numeric: tabular-nums; margin-right: 6px; }
#failures ul { list-style: none; margin: 0; padding: 0; font-size: .88rem; }
#failures li { padding: 8px 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
#failures li span { display: block; color: var(--muted); }
@media (min-width: 900px) { header { grid-template-columns: minmax(0, 1fr) minmax(300px, 460px); align-items: end; } }
@media (max-width: 520px) {
  .sheet::after { display: none; }
  dl div { gap: 6px; }
  .words { padding: 9px 10px 10px; }
  .key a { margin-left: 0; }
  details dl div { display: block; padding: 4px 0; }
  details dd { text-align: left; }
}
@media print { .card { break-inside: avoid; } .key label { display: none; } }
"""
