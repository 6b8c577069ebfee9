/**
 * How the page looks: wide, on a phone, dark, and on paper.
 *
 * @module
 */

import { colours, FONT } from '../plots/theme.ts';

export const STYLE: string = `
${colours(':root')}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 ${FONT};font-variant-numeric:tabular-nums}
main,header,footer{max-width:960px;margin:0 auto;padding:0 20px}
header{padding-top:40px}
h1{font-size:2rem;line-height:1.2;letter-spacing:-.015em;margin:0 0 .4rem;font-weight:650}
h2{font-size:1.4rem;line-height:1.25;letter-spacing:-.01em;margin:3.2rem 0 .8rem;padding-top:1rem;border-top:1px solid var(--rule);font-weight:650}
h3{font-size:1.08rem;line-height:1.35;margin:2.4rem 0 .25rem;font-weight:650}
p{margin:.4rem 0 .9rem;max-width:72ch}
.lead{font-size:1.08rem}
.soft,figcaption{color:var(--soft)}
.method{color:var(--soft);font-size:.92rem;overflow-wrap:anywhere}
a{color:inherit;text-decoration-color:var(--muted);text-underline-offset:.18em}
a:hover{text-decoration-color:currentColor}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.doubts{background:var(--warn-wash);border-left:4px solid var(--warn);padding:.7rem 1rem;margin:1.2rem 0}
.doubts strong{color:var(--warn)}
.doubts ul{margin:.25rem 0 0;padding-left:1.2rem}
.facts{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:.7rem 1.5rem;margin:1.4rem 0;font-size:.92rem}
.facts div:last-child{grid-column:span 4}
dt{color:var(--soft);font-size:.82rem}
dd{margin:0}
nav{font-size:.92rem;margin:1.2rem 0 0}
nav ul{list-style:none;margin:0;padding:0;columns:3 220px;column-gap:24px}
nav li{break-inside:avoid;padding:.12rem 0}
nav li li{padding-left:.9rem;color:var(--soft)}
nav ul ul{columns:auto}
nav>ul{columns:auto;display:grid;gap:.8rem}
nav>ul>li>ul{columns:3 220px}
.counts{display:flex;flex-wrap:wrap;gap:.5rem 1.6rem;margin:.6rem 0 1rem;padding:0;list-style:none}
.counts b{font-size:1.35rem;font-weight:650;margin-right:.35rem}
.status{font-weight:600;white-space:nowrap}
.status::before{content:'';display:inline-block;width:.6em;height:.6em;border-radius:50%;background:currentColor;margin-right:.45em}
.kept{color:var(--good)}.even{color:var(--soft)}.missed{color:var(--bad)}.undecided,.unmeasured{color:var(--warn)}
.undecided::before,.unmeasured::before{background:none;border:2px solid currentColor}
.scroll{overflow-x:auto;margin:.9rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.35}
th,td{padding:.42rem .6rem;text-align:right;vertical-align:top;border-bottom:1px solid var(--rule)}
th{font-weight:500}
thead th{color:var(--soft);font-size:.82rem;vertical-align:bottom;line-height:1.3}
tbody th,thead th:first-child,td.words,th.words{text-align:left}
tbody th{background:var(--paper);position:sticky;left:0}
td .range{display:block;color:var(--soft);font-size:.84em;white-space:nowrap}
tr.ours th,tr.ours td,th.ours,td.ours{font-weight:650}
tr.ours th{box-shadow:inset 3px 0 var(--accent)}
tr.ours .range,td.ours .range{font-weight:400}
td.failed{color:var(--bad)}
td.absent{color:var(--muted)}
.dense{font-size:.8rem}.dense th,.dense td{padding:.34rem .4rem}.dense tbody th{white-space:nowrap}
.failures{list-style:none;padding:0;margin:.6rem 0;font-size:.9rem;color:var(--bad);overflow-wrap:anywhere}
.failures li::before{content:'! ';font-weight:700}
.verdicts{list-style:none;padding:0;margin:.6rem 0;font-size:.9rem}
.verdicts li{padding:.1rem 0}
figure{margin:1rem 0;min-width:0}
figcaption{font-size:.88rem;margin-bottom:.35rem}
.plots{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:.5rem 2.2rem}
.plot{display:block;width:100%;height:auto}
.plots .plot{max-width:460px}
.narrow{display:none}
footer{margin-top:4rem;padding-top:1rem;padding-bottom:3rem;border-top:1px solid var(--rule);color:var(--soft);font-size:.9rem}
@media screen and (max-width:680px){
main,header,footer{padding-left:16px;padding-right:16px}
header{padding-top:24px}
h1{font-size:1.6rem}
.facts{grid-template-columns:repeat(2,minmax(0,1fr))}
.facts div:last-child{grid-column:span 2}
.plots{grid-template-columns:minmax(0,1fr)}
.wide{display:none}.narrow{display:block}
.claims thead{position:absolute;left:-9999px}
.claims,.claims tbody,.claims tr,.claims td,.claims th{display:block;text-align:left;width:auto}
.claims tr{padding:.6rem 0;border-bottom:1px solid var(--rule)}
.claims td,.claims tbody th{border:0;padding:.05rem 0}
.claims td .range{display:inline;margin-left:.4rem}
}
@media print{
body{font-size:10.5pt}
main,header,footer{max-width:none;padding:0}
nav{display:none}
h2{border-top:0;margin-top:1.6rem}
h2,h3{break-after:avoid}
figure,tr,.doubts,.facts{break-inside:avoid}
.scroll{overflow:visible}
table{font-size:8.5pt}
th,td{padding:.25rem .35rem}
tbody th{position:static}
a{text-decoration:none}
}
`;
