import { clockTime, percent } from '../format.ts';
import type { BudgetCost, Finding, FindingTable, Incident } from '../incident.ts';
import { EVIDENCE_TITLES } from '../text.ts';
import { costText, countsOf, lackedText, lastingOf, momentOf, outcomeText, subjectOf } from './facts.ts';
import { type Html, html } from './html-escape.ts';
import type { RenderIncident, SharedIncident, SharedLog } from './shared-incident.ts';
import { STYLES } from './styles.ts';
import { chartSvg } from './svg-chart.ts';
import { waterfall } from './waterfall.ts';

/** No script runs in the file and nothing is fetched, whatever the telemetry in it says. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** The incident as one file that needs nothing else: charts, waterfall and log lines are in it. */
export const renderIncidentHtml: RenderIncident = (shared) => {
  const { incident, leadTrace } = shared;
  const kinds = [...new Set(incident.findings.map(({ kind }) => kind))];
  const steps = kinds.map((kind, i) => {
    const findings = incident.findings.filter((found) => found.kind === kind);
    return stepSection(i + 1, kind, findings, incident);
  });
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="referrer" content="no-referrer">
<title>${incident.title}</title><style>${STYLES}</style></head>
<body><main>
${headOf(incident)}
${verdictOf(incident)}
${shared.missing.map((sentence) => html`<p class="s warn">${sentence}</p>`)}
${steps}
${leadTrace ? html`<section class="wide"><h2>Lead trace</h2>${waterfall(leadTrace)}</section>` : html``}
${logsSection(shared)}
<footer class="xs t3">Incident ${incident.id} of go-sre-collector, as of ${momentOf(incident.updatedUnixNano)} UTC. Compared with ${clockTime(BigInt(incident.baseline.fromUnixNano))} – ${clockTime(BigInt(incident.baseline.toUnixNano))} UTC.</footer>
</main></body></html>
`.text;
};

function headOf(incident: Incident): Html {
  return html`<header><p class="s t2"><b class="${incident.state === 'open' ? 'err' : ''}">${incident.state === 'open' ? 'Open' : 'Closed'}</b> <code>${incident.id}</code> ${subjectOf(incident)}, ${lastingOf(incident)}</p>
<h1>${incident.title}</h1></header>`;
}

function verdictOf(incident: Incident): Html {
  const { tier, holds, tested, reason } = incident.confidence;
  const { unknown, budgetCost = [], runbook, harm, tryFirst } = incident;
  const lacked = lackedText(incident);
  return html`<div class="vd"><div><h3>Verdict</h3><p>${incident.verdict}</p>${unknown ? html`<p class="s t2"><b>Not known:</b> ${unknown}</p>` : html``}${lacked ? html`<p class="s t2"><b>Lacked:</b> ${lacked}</p>` : html``}</div>
<div><h3>Confidence</h3><p><b>${tier}</b>, ${holds} of ${tested} links hold.</p><p class="s t2">${reason}</p></div>
<div><h3>Harm</h3><p>${harm || 'not known'}</p>${budgetCost.map(costLine)}</div>
<div><h3>Try first</h3><p>${tryFirst || 'not known'}</p>${runbook ? runbookLine(runbook) : html``}</div></div>`;
}

function costLine(cost: BudgetCost): Html {
  return html`<p class="s t2">${costText(cost)}, objective ${percent(cost.objective)}.</p>`;
}

/** A link only where it is an address of the web. */
function runbookLine(runbook: string): Html {
  const isWeb = /^https?:\/\//i.test(runbook);
  return isWeb
    ? html`<p class="s"><a href="${runbook}" rel="noreferrer">Runbook</a></p>`
    : html`<p class="s">Runbook: ${runbook}</p>`;
}

function stepSection(
  number: number,
  kind: Finding['kind'],
  findings: readonly Finding[],
  incident: Incident,
): Html {
  const onsetMs = Number(BigInt(incident.onsetUnixNano) / 1_000_000n);
  return html`<section class="${kind === 'alternatives' ? 'step alt' : 'step'}"><h2><span class="n">${number}</span>${EVIDENCE_TITLES[kind]}</h2>
<div class="cl">${findings.map(claim)}</div>
<div class="ev">${findings.map((found) => evidence(found, onsetMs))}</div></section>
`;
}

function claim(found: Finding): Html {
  const outcome = outcomeText(found);
  const says = outcome !== '' && !/not tested/i.test(found.statement) ? html`<b>${outcome}</b>: ` : html``;
  const counts = countsOf(found);
  return html`<p class="${found.outcome === 'holds' ? '' : 't2'}">${says}${found.statement}${counts ? html` <span class="xs t3 nw">${counts}</span>` : html``}</p>`;
}

function evidence({ charts, table, references }: Finding, onsetMs: number): Html {
  const inTable = new Set(table?.rows.map(({ reference }) => reference));
  const loose = references.filter((one, i) => !inTable.has(i) && 'traceId' in one && one.traceId !== '');
  const links = loose.map(
    (one) => html`<li>${one.label} <code>${'traceId' in one ? one.traceId : ''}</code></li>`,
  );
  return html`${charts.length > 0 ? html`<div class="g">${charts.map((chart) => chartSvg(chart, onsetMs))}</div>` : html``}${table ? tableOf(table) : html``}${links.length > 0 ? html`<ul class="refs s t2">${links}</ul>` : html``}`;
}

function tableOf({ columns, rows, caption }: FindingTable): Html {
  const align = (i: number) => (columns[i]?.align === 'right' ? 'num' : 'wrap');
  return html`<table><thead><tr>${columns.map(({ title }, i) => html`<th class="${align(i)}">${title}</th>`)}</tr></thead><tbody>
${rows.map(({ cells, emphasis }) => html`<tr class="${emphasis ? 'em' : ''}">${cells.map((cell, i) => html`<td class="${align(i)}">${cell}</td>`)}</tr>`)}
</tbody></table>${caption ? html`<p class="xs t3">${caption}</p>` : html``}`;
}

function logsSection({ logs, logsMatched }: SharedIncident): Html {
  if (logs.length === 0) return html``;
  return html`<section class="wide"><h2>Log lines</h2><p class="t2 s">${logs.length} of ${logsMatched} lines of the traces that the evidence refers to; those it names are bold.</p>
<table class="logs"><thead><tr><th>UTC</th><th>Level</th><th>Service</th><th>Line</th><th>Trace</th></tr></thead><tbody>
${logs.map(logRow)}
</tbody></table></section>`;
}

function logRow(line: SharedLog): Html {
  const tone = line.level === 'ERROR' || line.level === 'FATAL' ? 'err' : '';
  return html`<tr class="${line.isEvidence ? 'em' : ''}"><td class="mono nw">${clockTime(BigInt(line.timeUnixNano))}</td><td class="${tone}">${line.level}</td><td>${line.service}</td><td class="mono wrap">${line.body}</td><td class="mono t3" title="${line.traceId}">${line.traceId.slice(0, 12)}</td></tr>
`;
}
