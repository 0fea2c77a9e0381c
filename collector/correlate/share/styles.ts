import { Html } from './html-escape.ts';

/** The console's colours, as its tokens.css has them; a test compares the two. */
export const LIGHT =
  '--bg:#ffffff;--sunk:#f6f7f8;--line:#e1e4e8;--grid:#eaecef;--ctl:#858e98;--tx:#16191d;--tx-2:#47505a;--tx-3:#616a75;--acc:#1a5fb4;--err:#b3201a;--err-mark:#cf2e25;--warn:#7a4f00;--now:#1a5fb4;--base:#858e98;--s1:#386aaf;--s2:#009caf;--s3:#8c4c00;--s4:#6e9c00;--s5:#42309f;--s6:#556a4d;--s7:#6a005e;--s8:#9a8d6b;--s9:#004840;--s10:#645775;--s11:#a97682;--s12:#483c1c';
export const DARK =
  '--bg:#14171a;--sunk:#1b1f24;--line:#2b3138;--grid:#252a31;--ctl:#727c88;--tx:#e8eaed;--tx-2:#b3bbc4;--tx-3:#949ea9;--acc:#84b4f8;--err:#ff8a80;--err-mark:#ff6b60;--warn:#e8b84a;--now:#84b4f8;--base:#7d8793;--s1:#7eb4ff;--s2:#73e9fe;--s3:#da9457;--s4:#b7ea6a;--s5:#827aef;--s6:#9bb293;--s7:#b755a7;--s8:#e7d9b5;--s9:#528d84;--s10:#ab9dbe;--s11:#f8c0cd;--s12:#8d7f5d';

const numbered = (to: number, rule: (i: number) => string) =>
  Array.from({ length: to }, (_, i) => rule(i + 1)).join('');

/** The style sheet of the file: the console's looks without its controls; on paper always light. */
export const STYLES = new Html(`:root{${LIGHT};color-scheme:light dark}
@media screen and (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--tx);font:13px/20px Inter,system-ui,"Segoe UI",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1280px;margin:0 auto;padding:16px}
h1,h2,h3,p,ul,figure{margin:0;padding:0}ul{list-style:none}
h1{font-size:18px;line-height:24px;font-weight:600;margin-top:2px;overflow-wrap:anywhere}
h2{font-size:13px;font-weight:600}h3{font-size:12px;line-height:16px;font-weight:500;color:var(--tx-3)}
code,.mono{font-family:"JetBrains Mono",ui-monospace,"SF Mono",Consolas,monospace;font-size:12px}code{overflow-wrap:anywhere}
a{color:var(--acc);text-underline-offset:2px}
.t2{color:var(--tx-2)}.t3{color:var(--tx-3)}.s{font-size:12px;line-height:17px}.xs{font-size:11px;line-height:15px}
.err{color:var(--err)}.warn{color:var(--warn);margin-top:8px}.nw{white-space:nowrap}.wrap{overflow-wrap:anywhere}
.vd{display:grid;grid-template-columns:2.1fr 1fr 1.1fr 1.1fr;gap:24px;margin-top:12px;padding:10px 0 12px;border-top:2px solid var(--tx);border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.vd p+p{margin-top:4px}
.step{display:grid;grid-template-columns:148px minmax(0,292px) minmax(0,1fr);gap:0 24px;padding:14px 0;border-bottom:1px solid var(--line)}
.step h2{display:flex;gap:8px}.n{display:inline-flex;align-items:center;justify-content:center;width:18px;height:18px;border:1px solid var(--ctl);border-radius:50%;font-size:11px;flex:none}
.cl{overflow-wrap:anywhere}.cl p+p{margin-top:6px}.alt .cl{grid-column:2/4}.ev{min-width:0}.ev>*+*{margin-top:10px}
.wide{padding:14px 0;border-bottom:1px solid var(--line)}.wide h2{margin-bottom:4px}
.g{display:flex;flex-wrap:wrap;gap:16px}.g figure{flex:1 1 300px;max-width:440px;min-width:0}.g svg{display:block;width:100%;height:auto}
.fc{font-size:11px;line-height:14px;color:var(--tx-2);font-weight:500}
.gr{stroke:var(--grid)}.ax{stroke:var(--ctl)}.on{stroke:var(--ctl);stroke-dasharray:2 2}.th{stroke:var(--tx-2);stroke-dasharray:5 3}
.ln{fill:none;stroke:var(--now);stroke-width:1.5;stroke-linejoin:round;stroke-linecap:round}
.tl{font-size:11px;fill:var(--tx-3);paint-order:stroke;stroke:var(--bg);stroke-width:3px}.tl.r{text-anchor:end}.tl.m{text-anchor:middle}
table{border-collapse:collapse;width:100%}
th{font-weight:500;font-size:11px;line-height:14px;color:var(--tx-3);text-align:left;padding:4px 8px 4px 0;border-bottom:1px solid var(--line);vertical-align:bottom}
td{font-size:12px;line-height:17px;padding:4px 8px 4px 0;border-bottom:1px solid var(--line);vertical-align:top;color:var(--tx-2)}
.em td{color:var(--tx);font-weight:600}.num{text-align:right;white-space:nowrap}
.refs{display:flex;flex-wrap:wrap;gap:2px 16px}
.lg{display:flex;flex-wrap:wrap;gap:2px 12px;font-size:11px;color:var(--tx-2);margin:4px 0}.lg i{display:inline-block;width:10px;height:10px;margin-right:5px}
.wf td{padding-top:2px;padding-bottom:2px}.wf .bar{width:52%;padding-right:0}.wf svg{display:block;width:100%;height:14px}
.f0{fill:var(--base)}.ff{fill:var(--err-mark)}.cf{background:var(--err-mark)}
${numbered(12, (i) => `.f${i}{fill:var(--s${i})}.c${i}{background:var(--s${i})}.wf .i${i}{padding-left:${i * 12}px}`)}
footer{padding-top:12px}
@media(max-width:720px){.vd{grid-template-columns:1fr;gap:10px}.step{display:block}.cl{margin:8px 0 12px}.logs th:nth-child(5),.logs td:nth-child(5),.logs th:nth-child(3),.logs td:nth-child(3),.wf th:nth-child(2),.wf td:nth-child(2){display:none}.wf .bar{width:36%}}
@media print{main{max-width:none;padding:0}.step,tr,figure{break-inside:avoid}a{color:inherit}}
`);
