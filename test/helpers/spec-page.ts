import { specJsonSchema } from '../../slo/index.ts';
import { kinds, neededKeys, type SpecKey, serviceKeys, sloKeys } from '../../slo/spec/keys.ts';
import { specExamples } from './spec-examples.ts';

/** What editors read, beside the table of keys that it is made of. */
export const specSchemaFile = {
  name: 'go-sre.slo.v1.schema.json',
  text: () => `${withShortLists(JSON.stringify(specJsonSchema(), undefined, 2))}\n`,
} as const;

/** Lists of words on one line where they fit, as the formatter of this repository writes them. */
function withShortLists(json: string): string {
  return json.replace(/^(.*)\[\n([^[\]{}]*)\n\s*\]/gm, (all, before: string, items: string) => {
    const line = `${before}[${items.trim().replace(/,\n\s*/g, ', ')}]`;
    return line.length < 110 ? line : all;
  });
}

/** The published schema and docs/slo-spec.md: path from the root -> text. `npm run golden` writes them. */
export function planSpecPages(): Map<string, string> {
  return new Map([
    [`slo/spec/${specSchemaFile.name}`, specSchemaFile.text()],
    ['docs/slo-spec.md', renderSpecPage()],
  ]);
}

/** docs/slo-spec.md: the table of keys, and prose around it. */
export function renderSpecPage(): string {
  return `# Objectives as code

A spec names a service and its objectives; rules, dashboards and alerts follow from it. An emitted service prints its own from its
table of routes (slo.json); for any other service it is written by hand, as YAML or JSON. Files of OpenSLO and Sloth are read too.

The reader is strict: an unknown key is refused, and every problem is listed with file, line, path and what to do. Editors
complete and check while one writes: \`slo/spec/${specSchemaFile.name}\` is the JSON schema (draft 2020-12), for
example by a first line \`# yaml-language-server: $schema=${specSchemaFile.name}\`. The reader checks more than a schema can
say: PromQL is parsed, ids must differ.

The tables and examples of this page are made from the code by \`npm run golden\`.

## The service

${table(serviceKeys)}

## An objective

Beside the keys that all have, each kind has its own; a key of another kind is refused. **Bold** keys must be there.

${table(sloKeys)}

An objective may be as low as its owner means it. Where \`14.4 × (1 - objective)\` is more than 1, the fastest tier of alerts can never
fire, because not even a total failure burns the budget that fast; the slower tiers watch it then.

## The kinds

| kind | needs |
|---|---|
${kinds.map((kind) => `| \`${kind}\` | ${needs(kind)} |`).join('\n')}

${specExamples.map(({ title, text, yaml }) => `### ${title}\n\n${text}\n\n\`\`\`yaml\n${yaml}\`\`\``).join('\n\n')}

${prose}`;
}

function needs(kind: (typeof kinds)[number]): string {
  if (kind === 'custom') return '`bad` and `total`, `good` and `total`, or `badRatio`';
  return neededKeys[kind].map((key) => `\`${key}\``).join(', ') || 'nothing more';
}

function table(keys: Readonly<Record<string, SpecKey>>): string {
  const rows = Object.entries(keys).map(([name, key]) => {
    const shown = key.required ? `**\`${name}\`**` : `\`${name}\``;
    return `| ${shown} | ${key.kinds?.join(', ') ?? ''} | ${key.is} |`;
  });
  return ['| key | kinds | what it is |', '|---|---|---|', ...rows].join('\n');
}

const prose = `## Expressions

\`gauge\` and \`timestamp\` are values at one moment: any PromQL of an instant vector. \`bad\`, \`good\` and \`total\` are
events: a counter alone, like \`jobs_total{outcome="failed"}\`, from which the rules take the increase, or PromQL with \`[$window]\`
where its range stands. It counts by \`rate\`, \`irate\` or \`deriv\` (per second), or by \`increase\`, \`delta\`,
\`sum_over_time\` or \`count_over_time\` (per window), not by both. A counter alone is the better choice: the rules then read it
with ranges that lose no event between two windows.

\`badRatio\` is for what cannot be counted, such as a ratio that somebody else records. Time is counted in place of events, so a
quiet hour weighs as much as a busy one.

## Grouping

\`routes\` adds several routes up to one budget: the way out where each alone has too few requests to be watched. \`by\` splits one
objective by labels: each combination of their values has a budget, alerts and a line on the dashboard of its own. Labels multiply
series; three are the limit, and labels that the rules set themselves cannot be among them.

## Missing data

What was not measured is not good and not bad; it lowers the coverage, which is recorded and shown, and tickets wait until half
of their window is covered.

- A service without a single failed request has no series of failures: that is 0 bad events.
- A latency objective without a bucket at its threshold, or events by \`good\` of which no series is there, are not measured.
- No requests are no verdict: neither a page nor an idle budget spent.
- Time (\`saturation\`, \`freshness\`) without a value is as \`missing\` says: "unknown" lowers the coverage, "bad" spends the budget,
  which is right where the value vanishes together with what it watches. With \`by\` it cannot be "bad": a group that is not there
  has no labels to be counted under.

## Files

A file may hold several YAML documents, or a JSON list; a service may stand in several documents and files, which are joined.
Objectives keep the owner and the runbook of their document. Ids must differ within a service, and \`job\`, \`grafana\` and receivers
must agree. A file may have 2,000,000 characters of YAML or 8,000,000 of JSON, and 10,000 documents; anchors, aliases and merge keys
(\`<<\`) are followed, up to 1,000,000 values in a document.

## From Sloth

\`version: prometheus/v1\`, and the Kubernetes resource \`sloth.slok.dev/v1\`. What has no counterpart is a warning.

| Sloth | here |
|---|---|
| \`service\`, \`slos[].name\` | \`service\`, \`id\`; other characters become "-" |
| \`objective\`, a percentage | \`objective\`, a ratio; the window is 30d unless told otherwise |
| \`sli.events\` | \`custom\` with \`bad\` and \`total\`; \`{{.window}}\` becomes \`$window\`; \`sum by (…)\` in both becomes \`by\` |
| \`sli.raw\` | \`custom\` with \`badRatio\` |
| \`sli.plugin\` | refused: it is code that only Sloth runs |
| \`page_alert.disable\`, \`ticket_alert.disable\` | \`alerts\`: page, ticket or none |
| label \`owner\` or \`team\` | \`owner\`; other labels are a warning |
| annotation \`runbook\` or \`runbook_url\` | \`runbook\`; other annotations are a warning |

## From OpenSLO v1

All objects of the files read together may refer to each other. Each of an SLO's objectives becomes an objective of its own.

| OpenSLO | here |
|---|---|
| \`ratioMetric\` with \`good\` or \`bad\`, and \`total\` | \`custom\`; \`sum(x)\` of a counter becomes the counter; a written range becomes \`[$window]\` |
| \`ratioMetric\` with \`raw\` and \`rawType\` | \`custom\` with \`badRatio\` |
| \`thresholdMetric\` with \`op\` and \`value\` | \`saturation\`; for gte and gt of the negated value; lt and gt count the limit as good |
| \`budgetingMethod: Timeslices\` | \`saturation\` of the share of bad in the last slice, judged every 30 s |
| \`budgetingMethod: RatioTimeslices\` | \`custom\` with \`badRatio\` |
| \`timeWindow\`, rolling | whole days up to 90; a week is 7, a month 30 |
| \`timeWindow\`, calendar | \`month\` for 1M, in UTC; others are refused |
| \`alertPolicies\` | \`alerts\` by the gravest severity of their conditions; without a policy "none", as in OpenSLO |
| \`notificationTargets\` | \`routing\`: the name of the target is the receiver |
| \`AlertCondition.condition\` | a warning: burn rates are judged by the tiers of this project |
| \`DataSource.type\` | must answer PromQL; how to connect is left out, never printed |

Both formats know no owner and no runbook of their own: where no label or annotation names them, a placeholder stands in, with
a warning.
`;
