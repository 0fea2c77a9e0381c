// An incident that is told by its services alone, and one about some requests, in everything that leaves the collector.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderList } from '../../../../collector/commands/incident/list.ts';
import type { Incident } from '../../../../collector/correlate/incident.ts';
import { INCIDENT_FORMATS } from '../../../../collector/correlate/share/formats.ts';
import { renderSlack } from '../../../../collector/notify/slack.ts';
import { smallIncident } from './small-incident.ts';

const changed = (n: number) =>
  `CPU of pod-${n}: 96 %, usually 12 % (robust z 7.6), ${'and so on '.repeat(12)}`;
const unrouted: Incident = {
  ...smallIncident.incident,
  ...{ service: 'ts-contacts-service', method: '', route: '', openedBy: 'question' },
  title: 'ts-contacts-service: it uses more CPU since 14:22:10',
  lacked: ['No log lines are stored.', 'Nothing is stored of <b> before.'],
  findings: [
    {
      ...smallIncident.incident.findings[0]!,
      ...{ kind: 'suspects', statement: 'It begins in ts-contacts-service.', charts: [] },
      table: {
        columns: [
          { title: 'Service', align: 'left' },
          { title: 'Score', align: 'right' },
          { title: 'What changed most', align: 'left' },
        ],
        rows: [1, 2, 3, 4, 5].map((n) => ({ cells: [`service-${n}`, (6 / n).toFixed(2), changed(n)] })),
        caption: '5 of 9 services that changed.',
      },
    },
  ],
};
const rendered = (format: keyof typeof INCIDENT_FORMATS, incident: Incident) =>
  INCIDENT_FORMATS[format].render({ incident, logs: [], logsMatched: 0, missing: [] });

test('an incident without a route says so, shows its services with their scores, and what it lacked', (t) => {
  const text = rendered('text', unrouted);
  assert.ok(text.split('\n').every((line) => line.length <= 100));
  t.assert.fileSnapshot(text, `${import.meta.dirname}/testdata/unrouted.golden.txt`, {
    serializers: [String],
  });
  const markdown = rendered('markdown', unrouted);
  assert.match(markdown, /^\*\*closed\*\* `6bd7f708147c204f`, ts-contacts-service, no route named, 2026/m);
  assert.match(
    markdown,
    /^- \*\*Lacked\*\*: No log lines are stored\. Nothing is stored of &lt;b&gt; before\.$/m,
  );
  assert.match(markdown, /^\| service-5 \| 1\.20 \| CPU of pod-5/m);
  const html = rendered('html', unrouted);
  assert.match(html, /ts-contacts-service, no route named, 2026/);
  assert.match(html, /<b>Lacked:<\/b> No log lines are stored\. Nothing is stored of &lt;b&gt; before\.</);
  assert.match(renderList([unrouted]), / {2}ts-contacts-service, no route named {2}high\n/);
  assert.match(renderList([{ ...unrouted, service: '' }]), / {2}no service named, no route named {2}high\n/);
  const slack = JSON.stringify(renderSlack({ event: 'closed', incident: unrouted, link: '' }));
  assert.match(slack, /"title":"ts-contacts-service, no route named"/);
});

test('an incident of some requests names their attributes wherever it names its route', () => {
  const incident: Incident = {
    ...smallIncident.incident,
    where: [
      { key: 'customer', value: '42' },
      { key: 'region', value: 'eu' },
    ],
  };
  assert.match(
    rendered('text', incident),
    /^closed 6bd7f708147c204f, shop, GET \/verify with customer=42 and region=eu, latency$/m,
  );
  assert.match(renderList([incident]), /shop, GET \/verify with customer=42 and region=eu, latency/);
});
