/** One accent, and it means flash. Everything else is ink on paper, and follows the page's color-scheme. */
export const STYLE = `
:host{display:block;container-type:inline-size;block-size:var(--ticker-height,4rem);font:600 1.0625rem/1.25 var(--ticker-font,system-ui,sans-serif)}
:host([mode=list]),:host([still]){block-size:var(--ticker-list-height,20rem)}
:host([mode=strap]){position:fixed;z-index:9;inset:auto 0 0}
:host([mode=strap]:not([sounding])){block-size:0;overflow:hidden}
:host([mode=strap]:not([sounding])) :is(.label,.stage,.controls),:host([mode=strap]) :is(.rows,.pause){display:none}
:host([theme=light]){color-scheme:light}
:host([theme=dark]){color-scheme:dark}
:host([hidden]),[hidden]{display:none !important}
section{display:grid;grid-template:minmax(0,1fr) / auto minmax(0,1fr) auto;block-size:100%;box-sizing:border-box;border-block:1px solid #8885;background:var(--ticker-bg,light-dark(#fff,#14161b));color:var(--ticker-fg,light-dark(#14161b,#f0f1f3))}
ul{margin:0;padding:0;list-style:none}
a{color:inherit;text-decoration:none}
a:hover{text-decoration:underline}
:focus-visible{outline:3px solid;outline-offset:-3px}
a:focus-visible{outline-offset:2px}
.label{display:grid;align-content:center;inline-size:8rem;padding-inline:1rem}
.title{min-block-size:1.25em;font-weight:750}
.state,.time,.kicker,.note,.quiet{font-weight:400;opacity:.75}
.state,.time,.urgency,.note,.count{font-size:.8125rem}
.time,.urgency,.count{white-space:nowrap}
.state::before{content:"";display:inline-block;inline-size:.25rem;block-size:.25rem;margin-inline-end:.375rem;border:.125rem solid #b86e00;border-radius:50%}
[data-state=live] .state::before{border-color:#14915c;background:#14915c}
.stage{position:relative;overflow:clip;border-inline:1px solid #8885}
.window,.track,.rows,.quiet,.strap{position:absolute;inset:0}
.track{will-change:transform}
.window{mask:linear-gradient(90deg,#0000,#000 1.5rem calc(100% - 1.5rem),#0000)}
li,.strap,.quiet{display:flex;align-items:center;gap:.625rem;padding-inline:1rem;box-sizing:border-box}
.track>*{position:absolute;inset-block:0;border-inline-end:1px solid #8885;white-space:nowrap}
.track .time,.track bdi + bdi{display:none}
.rows{pointer-events:none}
.rows li{position:absolute;inset:0;opacity:0;transition:opacity .3s}
.rows .on{opacity:1;pointer-events:auto}
.window:has(+ :focus-within),section:not([data-mode=crawl]) .window{visibility:hidden}
.rows .words{display:-webkit-box;overflow:hidden;-webkit-box-orient:vertical;-webkit-line-clamp:2}
.urgency[data-urgency=flash]{padding:.125rem .375rem;background:var(--ticker-accent,#c4122f);color:#fff}
.strap{background:var(--ticker-accent,#c4122f);color:#fff}
.controls{display:flex}
button{display:flex;align-items:center;justify-content:center;gap:.375rem;min-inline-size:2.75rem;border:0;background:none;color:inherit;font:inherit;cursor:pointer}
button:hover{background:#8883}
.icon{block-size:.75rem;inline-size:.25rem;border:solid;border-width:0 .1875rem}
[aria-pressed=true] .icon{inline-size:0;block-size:0;border:.375rem solid transparent;border-inline:.625rem solid;border-inline-end:0}
.hide .icon{block-size:0;inline-size:.75rem;border-width:0 0 .1875rem}
.hide[aria-pressed=true] .icon{block-size:.5rem;border:.1875rem solid}
.count{padding-inline:.375rem;border:1px solid;border-radius:1rem}
.count:empty,.quiet:empty{display:none}
.unseen{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%)}
@container (inline-size < 40rem){
section{grid-template:1.375rem minmax(0,1fr) / minmax(0,1fr) auto}
.label{display:flex;gap:.625rem;align-items:end;inline-size:auto;font-size:.875rem}
.stage{grid-row:2;border:0;font-size:1rem;line-height:1.2}
section:not([data-mode=list]) .time{display:none}
.controls{grid-area:1 / 2 / 3}
}
[data-mode=list]{grid-template:3rem minmax(0,1fr) / minmax(0,1fr) auto}
[data-mode=list] .label{display:flex;gap:.625rem;align-items:center;inline-size:auto}
[data-mode=list] .stage{grid-area:2 / 1 / 3 / 3;overflow-y:auto;border:0}
[data-mode=list] .controls{grid-area:1 / 2}
[data-mode=list] .rows,[data-mode=list] .rows li{position:static;opacity:1;pointer-events:auto}
[data-mode=list] li{flex-wrap:wrap;gap:0 .625rem;padding-block:.625rem;border-block-start:1px solid #8885}
[data-mode=list] .words{display:block;inline-size:100%}
@media (prefers-reduced-motion){.rows li{transition:none}}
@media (forced-colors:active){.urgency,.strap{border:2px solid}}
`;
