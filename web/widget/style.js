/** One accent, and it means flash. Everything else is ink on paper, and follows the page's color-scheme. */
export const STYLE = `
:host{display:block;container-type:inline-size;block-size:var(--ticker-height,4rem);font:600 1.0625rem/1.25 var(--ticker-font,system-ui,sans-serif)}
:host([still]){block-size:var(--ticker-list-height,20rem)}
:host([theme=light]){color-scheme:light}
:host([theme=dark]){color-scheme:dark}
:host([mode=strap]){position:fixed;z-index:9;inset:auto 0 0}
:host([mode=strap]:not([sounding])){block-size:0;overflow:hidden}
:host([mode=strap]) :is(.rows,.pause),:host([mode=strap]:not([sounding])) section>:not(.unseen),section:not([data-mode=crawl]) .window,:host([hidden]),[hidden],:is(.count,.strap):empty{display:none!important}
section{display:grid;grid:"label stage controls"1fr/8rem 1fr auto;block-size:100%;border-block:1px solid #8885;background:var(--ticker-bg,light-dark(#fff,#14161b));color:var(--ticker-fg,light-dark(#14161b,#f0f1f3))}
*{box-sizing:border-box}
ul{margin:0;padding:0;list-style:none}
a{color:inherit;text-decoration:none}
a:hover{text-decoration:underline}
:focus-visible{outline:3px solid}
li,.quiet{display:flex;align-items:center}
.label,li,.strap,.quiet{gap:.125rem .625rem;padding-inline:1rem}
.label{grid-area:label;display:grid;place-content:center start;align-items:center}
.title{min-block-size:1.25em;font-weight:750}
.state,.time,.kicker,.note,.quiet{font-weight:400;opacity:.9}
.state,.time,.kicker,.note,.count,.urgency{font-size:.8125rem}
.time,.urgency,.count,.track li{white-space:nowrap}
.state::before{content:"○ "/"";color:#b86e00}
[data-state=live] .state::before{content:"● "/"";color:#14915c}
.stage{grid-area:stage;position:relative;overflow:clip;border-inline:1px solid #8885}
.stage>*,.track,li{position:absolute;inset:0}
.window{mask:linear-gradient(90deg,#0000,#000 1.5rem calc(100% - 1.5rem),#0000)}
.window:has(+ :focus-within){visibility:hidden}
.track li{inset-inline:auto;border-inline-end:1px solid #8885}
.track :is(.time,.note){display:none}
.rows,.quiet{pointer-events:none}
.rows li{opacity:0;transition:opacity .3s}
.rows .on{opacity:1;pointer-events:auto}
.rows .words{display:-webkit-box;overflow:hidden;-webkit-box-orient:vertical;-webkit-line-clamp:2}
.strap,.flash{background:var(--ticker-accent,#c4122f);color:#fff}
.strap{align-content:center;overflow-y:auto;font-size:clamp(.8125rem,1.8cqi,1.0625rem);line-height:1.15}
.strap>*{margin-inline-end:.625rem}
.flash,.count{padding:.125rem .375rem}
.controls{grid-area:controls;display:flex}
button{min-inline-size:2.75rem;border:0;background:none;color:inherit;font:inherit;cursor:pointer;outline-offset:-3px}
button:hover{background:#8883}
button::before{content:"";display:inline-block;block-size:.75rem;inline-size:.25rem;border:solid;border-width:0 .1875rem;vertical-align:middle}
.hide::before{block-size:0;inline-size:.75rem;border-width:0 0 .1875rem}
[aria-pressed=true]::before{inline-size:0;block-size:0;border:.375rem solid transparent;border-inline:.625rem solid;border-inline-end:0}
.hide[aria-pressed=true]::before{inline-size:.75rem;block-size:.5rem;border:.1875rem solid}
.count{margin-inline-start:.375rem;border:1px solid;border-radius:1rem}
.unseen{position:absolute;clip-path:inset(50%)}
@container (inline-size < 40rem){
section{grid:"label controls"1.125rem"stage controls"1fr/1fr auto;font-size:1rem}
section:not([data-mode=list]) .time{display:none}
.label{grid-auto-flow:column;align-content:end;font-size:.875rem}
.stage{border:0}
:host([sounding]) section:not([data-mode=list]) .stage{grid-row:1/3}
}
section[data-mode=list]{grid:"label controls"3rem"stage stage"1fr/1fr auto}
[data-mode=list] .label{grid-auto-flow:column;align-content:center}
[data-mode=list] .stage{overflow-y:auto;border:0}
[data-mode=list] :is(.rows,.rows li){position:static;opacity:1;pointer-events:auto}
[data-mode=list] li{flex-wrap:wrap;padding-block:.625rem;border-block-start:1px solid #8885}
[data-mode=list] .words{display:block;inline-size:100%}
@media (forced-colors:active){.urgency,.strap{border:2px solid}}
`;
