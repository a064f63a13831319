// The style sheet of every page. Every state has a color, a shape and a word; colors have 4.5:1 on their ground at least.

/** CSS; what only one page has goes behind it. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--card:#f5f6f8;--ink:#1b1f24;--soft:#57606a;--line:#c9d0d8;--ok:#136c34;--failed:#b3161f;--skipped:#7d5200;--accent:#0b57d0}
@media screen and (prefers-color-scheme:dark){:root{--ground:#12161b;--card:#1c222a;--ink:#e8ecf1;--soft:#a3adb8;--line:#3a444f;--ok:#5fd38a;--failed:#ff8a85;--skipped:#f0bd55;--accent:#8ab8ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:72rem;margin:0 auto;padding:.75rem 1rem}
h1{font-size:1.35rem;line-height:1.3;margin:.25rem 0}
h2{font-size:1.1rem;margin:1.75rem 0 .5rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1rem 0 .25rem}
ul,ol{margin:.25rem 0;padding-left:1.25rem}
code,pre{font:.875rem/1.45 ui-monospace,monospace}
pre{margin:.25rem 0;padding:.6rem .75rem;background:var(--card);border:1px solid var(--line);border-radius:6px;white-space:pre-wrap;user-select:all}
dl{margin:0}dt{font-weight:600;color:var(--soft);font-size:.875rem}dd{margin:0 0 .5rem}
a,summary{color:var(--accent)}
summary{cursor:pointer;padding:.15rem 0}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.skip{position:absolute;left:-100vw}.skip:focus{position:static}
.soft{color:var(--soft)}
.card{padding:.75rem 1rem;border:1px solid var(--line);border-left-width:6px;border-radius:6px}
.ok{color:var(--ok)}.failed,.intermittent{color:var(--failed)}.skipped{color:var(--skipped)}.none{color:var(--soft)}
.card.ok,.card.failed,.card.intermittent,.card.skipped,.card.none{color:inherit}
.card.ok{border-left-color:var(--ok)}.card.failed,.card.intermittent{border-left-color:var(--failed)}.card.skipped{border-left-color:var(--skipped)}.card.none{border-style:dashed;border-left:6px solid var(--line)}
.icon{width:1.1em;height:1.1em;vertical-align:-.18em;fill:none;stroke:currentColor;stroke-width:2}
.way{list-style:none;padding:0;display:grid;gap:1.6rem}
.way>li{position:relative;padding:.5rem .75rem;min-width:0}
.way>li+li::before{content:"\\2193";position:absolute;top:-1.6rem;left:1rem;color:var(--soft)}
.way h3{margin:0}.way li li>span{display:grid;grid-template-columns:auto 1fr;gap:.35em;align-items:center}.way ul{list-style:none;padding:0;font-size:.875rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .5rem;border-bottom:1px solid var(--line)}
td dl{padding:.25rem 0 .25rem .5rem;border-left:2px solid var(--line);margin:.25rem 0}
.plot{display:block;width:100%;height:1.5rem;background:var(--card);border-radius:4px;stroke:var(--accent);stroke-width:2}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(18rem,100%),1fr));gap:.75rem}
.plots figure{margin:0}.plots figcaption{font-size:.875rem}
@media (min-width:60rem){
.way{grid-auto-flow:column;grid-auto-columns:minmax(0,1fr)}
.way>li+li::before{content:"\\2192";top:.5rem;left:-1.35rem}
}
@media (max-width:45rem){
thead{position:absolute;left:-100vw}
table,tbody,tr,td,tr>th{display:block}
tr{margin:.5rem 0;border:1px solid var(--line);border-radius:6px}
td::before{content:attr(data-label) " ";font-weight:600;color:var(--soft)}
td:empty{display:none}
}
@media print{:root{color-scheme:light}details::details-content{content-visibility:visible}}
`
