/** One accent, and it means flash. Everything else is ink on paper, and follows the page's color-scheme. */
export const STYLE = `
:host {
  --bg: var(--ticker-bg, light-dark(#fff, #14161b));
  --fg: var(--ticker-fg, light-dark(#14161b, #f0f1f3));
  --soft: var(--ticker-soft, light-dark(#565b65, #a6acb7));
  --rule: var(--ticker-rule, light-dark(#d9dbdf, #343841));
  --accent: var(--ticker-accent, #c4122f);
  display: block;
  container-type: inline-size;
  block-size: var(--ticker-height, 4rem);
  font: 600 1.0625rem/1.25 var(--ticker-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", "Liberation Sans", Arial, sans-serif);
}
:host([mode=list]), :host([still]) { block-size: var(--ticker-height, 20rem); }
:host([theme=light]) { color-scheme: light; }
:host([theme=dark]) { color-scheme: dark; }
:host([hidden]), [hidden] { display: none !important; }
section { position: relative; display: grid; grid-template: minmax(0, 1fr) / auto minmax(0, 1fr) auto; block-size: 100%; box-sizing: border-box; border-block: 1px solid var(--rule); background: var(--bg); color: var(--fg); text-align: start; }
ul { margin: 0; padding: 0; list-style: none; }
a { color: inherit; text-decoration: none; }
a:hover { text-decoration: underline; text-underline-offset: .2em; }
:focus-visible { outline: .1875rem solid currentcolor; outline-offset: -.1875rem; }
.label { display: grid; align-content: center; gap: .125rem; padding-inline: 1rem; border-inline-end: 1px solid var(--rule); }
.title { font-weight: 750; letter-spacing: -.01em; }
.state, .time, .kicker, .quiet, .note { color: var(--soft); }
.state, .time, .note { font-size: .8125rem; font-weight: 400; font-variant-numeric: tabular-nums; }
.state::before { content: ""; display: inline-block; inline-size: .4375rem; block-size: .4375rem; margin-inline-end: .375rem; border: .125rem solid #b86e00; border-radius: 50%; }
[data-state=live] .state::before { border-color: #14915c; background: #14915c; }
.stage { position: relative; min-inline-size: 0; overflow: clip; }
.window { position: absolute; inset: 0; }
.track { position: absolute; inset: 0; will-change: transform; }
.track > * { position: absolute; inset-block: 0; display: flex; align-items: center; gap: .625rem; inline-size: max-content; padding-inline: 1.25rem; border-inline-end: 1px solid var(--rule); white-space: nowrap; }
.rows, .quiet, .strap { position: absolute; inset: 0; }
.rows > li { display: flex; flex-wrap: wrap; align-items: center; gap: 0 .625rem; padding: 0 1.25rem; }
section:not([data-mode=list]) .rows > li { position: absolute; inset: 0; flex-wrap: nowrap; opacity: 0; pointer-events: none; background: var(--bg); transition: opacity .3s; }
section .rows > li.on { opacity: 1 !important; pointer-events: auto !important; }
.words { display: -webkit-box; overflow: hidden; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
[data-mode=list] { grid-template: 3rem minmax(0, 1fr) / minmax(0, 1fr) auto; }
[data-mode=list] .label { grid-auto-flow: column; justify-content: start; align-items: baseline; gap: .75rem; border: 0; }
[data-mode=list] .stage { grid-area: 2 / 1 / 3 / 3; overflow-y: auto; border-block-start: 1px solid var(--rule); }
[data-mode=list] .rows { position: static; }
[data-mode=list] .rows > li { padding-block: .625rem; border-block-end: 1px solid var(--rule); }
[data-mode=list] .words { display: block; inline-size: 100%; text-wrap: pretty; overflow-wrap: anywhere; }
.note { inline-size: 100%; }
.urgency { font-size: .8125rem; font-weight: 750; white-space: nowrap; }
.urgency[data-urgency=flash] { padding: .125rem .4375rem; background: var(--accent); color: #fff; }
.quiet { display: flex; align-items: center; padding-inline: 1.25rem; font-weight: 400; pointer-events: none; }
.strap { z-index: 2; display: flex; align-items: center; gap: .75rem; padding-inline: 1.25rem; background: var(--accent); color: #fff; }
.strap .urgency { background: #fff; color: #a50d26; }
.controls { display: flex; border-inline-start: 1px solid var(--rule); }
button { display: flex; align-items: center; justify-content: center; gap: .375rem; min-inline-size: 2.75rem; padding: 0 .75rem; border: 0; background: none; color: inherit; font: inherit; cursor: pointer; }
button:hover { background: var(--rule); }
.icon { inline-size: .625rem; block-size: .75rem; border: solid; border-width: 0 .1875rem; box-sizing: border-box; }
[aria-pressed=true] .icon { border-width: .375rem 0 .375rem .625rem; border-color: transparent transparent transparent currentcolor; }
.pause:dir(rtl)[aria-pressed=true] .icon { border-width: .375rem .625rem .375rem 0; border-color: transparent currentcolor transparent transparent; }
.cross { block-size: 0; border-width: 0 0 .125rem; inline-size: .875rem; }
.hide[aria-pressed=true] .cross { block-size: .75rem; border: .125rem solid currentcolor; }
.count { padding: 0 .4375rem; border-radius: 1rem; background: var(--fg); color: var(--bg); font-size: .75rem; white-space: nowrap; }
.count:empty, .quiet:empty { display: none; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:host([mode=strap]) { position: fixed; z-index: 9; inset: auto 0 0; }
@container (inline-size < 40rem) {
  section:not([data-mode=list]) { grid-template: 1.5rem minmax(0, 1fr) / minmax(0, 1fr) auto; }
  section:not([data-mode=list]) .label { grid-auto-flow: column; justify-content: start; align-items: end; gap: .625rem; border: 0; font-size: .875rem; }
  section:not([data-mode=list]) .stage { grid-area: 2 / 1; font-size: 1rem; }
  section:not([data-mode=list]) .controls { grid-area: 1 / 2 / 3; }
  .track > :first-child, .rows > li, .quiet, .strap { padding-inline-start: 1rem; }
  .hide { min-inline-size: 2.25rem; }
  .count { position: absolute; inset: .125rem .25rem auto auto; }
}
@media (prefers-reduced-motion: reduce) { .rows > li { transition: none !important; } }
@media (forced-colors: active) { .urgency, .count { border: 1px solid; } .strap { border: .1875rem solid; } }
`;
