import { clockTime, counted, duration } from '../format.ts';
import { type Html, html } from './html-escape.ts';
import type { SharedSpan, SharedTrace } from './shared-incident.ts';

/** Width of the bars in units of their drawing; deeper spans are indented no further. */
const WIDTH = 1000;
const MAX_INDENT = 12;
/** Services that have a colour of their own; the others are grey and named. */
const COLOURS = 12;

/** A trace as a table: one row a span with its bar. */
export function waterfall(trace: SharedTrace): Html {
  const services = [...new Set(trace.spans.map(({ service }) => service))];
  const hidden = trace.stored - trace.spans.length;
  const some = hidden > 0 ? `, the longest of ${trace.stored}` : '';
  return html`<p class="t2 s">Trace <code>${trace.traceId}</code>, from ${clockTime(BigInt(trace.startUnixNano))} UTC, ${duration(trace.durationMs)}, ${counted(trace.spans.length, 'span')}${some}.</p>
<p class="lg">${services.slice(0, COLOURS).map((service, i) => html`<span><i class="c${i + 1}"></i>${service || 'no service'}</span> `)}<span><i class="cf"></i>failed</span></p>
<table class="wf"><thead><tr><th>Span</th><th class="num">Starts at</th><th class="num">Takes</th><th class="bar">0 – ${duration(trace.durationMs)}</th></tr></thead><tbody>
${trace.spans.map((span) => row(span, trace.durationMs, services.indexOf(span.service)))}
</tbody></table>`;
}

function row(span: SharedSpan, wholeMs: number, service: number): Html {
  const scale = WIDTH / Math.max(wholeMs, 0.001);
  const x = Math.min(Math.max(span.startMs * scale, 0), WIDTH - 2);
  const width = Math.min(Math.max(span.durationMs * scale, 2), WIDTH - x);
  const colour = service < COLOURS ? `f${service + 1}` : 'f0';
  const failed = span.failed ? html` <b class="err">failed</b>` : html``;
  const mark = span.failed
    ? html`<rect class="ff" x="${x.toFixed(1)}" y="9" width="${width.toFixed(1)}" height="2"/>`
    : html``;
  return html`<tr><td class="wrap i${Math.min(span.depth, MAX_INDENT)}">${span.label}${failed}</td><td class="num">${duration(span.startMs)}</td><td class="num">${duration(span.durationMs)}</td><td class="bar"><svg viewBox="0 0 ${WIDTH} 12" preserveAspectRatio="none" aria-hidden="true"><rect class="${colour}" x="${x.toFixed(1)}" y="1" width="${width.toFixed(1)}" height="8"/>${mark}</svg></td></tr>
`;
}
