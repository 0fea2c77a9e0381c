import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Incident } from '../../../../collector/correlate/incident.ts';
import { INCIDENT_FORMATS } from '../../../../collector/correlate/share/formats.ts';
import { escapeMarkdown, fenced } from '../../../../collector/correlate/share/markdown-escape.ts';
import type { SharedIncident } from '../../../../collector/correlate/share/shared-incident.ts';

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onload='x",
  '</style><script>',
  '</title><svg onload=x>',
  '<!--',
  ']]>',
  '&lt;b&gt;',
  'javascript:alert(1)',
  '\u202egnp.exe',
  '\ud800',
  '\u0000',
];

/** An incident in which every text is `text`. */
function saying(text: string): SharedIncident {
  const reference = { kind: 'log' as const, traceId: text, spanId: text, timeUnixNano: '1', label: text };
  const chart = { title: text, unit: 'ms' as const, scale: 'linear' as const, at: [0, 1], value: [1, null] };
  const incident: Incident = {
    ...{ id: text, state: 'open', service: text, method: text, route: text, signal: 'errors' },
    ...{ onsetUnixNano: '0', openedUnixNano: '0', updatedUnixNano: '9000000000' },
    baseline: { fromUnixNano: '0', toUnixNano: '1' },
    incident: { fromUnixNano: '0', toUnixNano: '1' },
    ...{ title: text, verdict: text, unknown: text, harm: text, tryFirst: text, runbook: text },
    confidence: { tier: 'low', holds: 1, tested: 2, reason: text },
    findings: (['symptom', 'alternatives'] as const).map((kind) => ({
      ...{ kind, outcome: 'holds' as const, subject: {}, effect: 0, p: null, statement: text, facts: {} },
      ...{ baseline: { value: 0, n: 1 }, incident: { value: 0, n: 1 }, references: [reference] },
      charts: [{ ...chart, threshold: { value: 1, label: text } }],
      table: {
        columns: [{ title: text, align: 'left' }],
        rows: [{ cells: [text], emphasis: true }],
        caption: text,
      },
    })),
  };
  const span = { depth: 0, label: text, service: text, startMs: 0, durationMs: 1, failed: true };
  return {
    incident,
    leadTrace: { traceId: text, startUnixNano: '0', durationMs: 1, spans: [span], stored: 2 },
    logs: [{ timeUnixNano: '0', level: text, service: text, traceId: text, body: text, isEvidence: true }],
    logsMatched: 2,
    missing: [text],
  };
}

/** Tags with the names of their attributes, values taken out: what the browser would make of the page. */
function skeleton(page: string): string {
  return page.replace(/"[^"<>]*"/g, '""').replace(/>[^<]*/g, '>');
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.constantFrom(...HOSTILE, ...'<>"\'&=/` \n'), { maxLength: 6 }).map((parts) => parts.join('')),
);

test('no text of telemetry opens a tag or an attribute in the HTML', () => {
  const expected = skeleton(INCIDENT_FORMATS.html.render(saying('plain')));
  fc.assert(
    fc.property(anyText, (text) => {
      // An empty text leaves its paragraph out, as an address of the web makes a link.
      fc.pre(text.trim() !== '' && !/^https?:/i.test(text) && !/not tested/i.test(text));
      assert.equal(skeleton(INCIDENT_FORMATS.html.render(saying(text))), expected);
    }),
    { numRuns: 30 },
  );
});

test('no text of telemetry acts on a terminal', () => {
  const text = INCIDENT_FORMATS.text.render(saying('a\u001b]0;x\u0007b\r\u202ec\nd'));
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202e]/u);
});

test('a runbook is a link only where it is an address of the web', () => {
  const page = (runbook: string) => {
    const shared = saying('x');
    return INCIDENT_FORMATS.html.render({ ...shared, incident: { ...shared.incident, runbook } });
  };
  assert.doesNotMatch(page('javascript:alert(1)'), /<a /);
  assert.match(
    page('https://x/"onclick="y'),
    /<a href="https:\/\/x\/&quot;onclick=&quot;y" rel="noreferrer">/,
  );
});

test('no text of telemetry makes markup, a link, a mention or a line of its own in the Markdown', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const line = escapeMarkdown(text);
      assert.doesNotMatch(line, /[\n\r<>]/);
      // What is left when escaped characters are taken out has nothing that means something.
      assert.doesNotMatch(line.replace(/\\[\\`*_{}[\]|~$^#!]/g, ''), /[`*_[\]|~$]|^#|:\/\/|@\w/);
    }),
    { numRuns: 200 },
  );
});

for (const [text, expected] of [
  ['ping @channel and #12', 'ping @\u200bchannel and \\#\u200b12'],
  ['see https://evil.example/x', 'see https&#58;//evil.example/x'],
  ['a | b', 'a \\| b'],
  ['![x](y)', '\\!\\[x\\](y)'],
  ['- item', '&#45; item'],
  ['1. item', '1\u200b. item'],
  ['/close', '&#47;close'],
  ['two\nlines', 'two lines'],
  ['73.0 % of p99', '73.0 % of p99'],
]) {
  test(`in Markdown it stays text: ${JSON.stringify(text)}`, () => {
    assert.equal(escapeMarkdown(text!), expected);
  });
}

test('no line ends the block of code that it stands in', () => {
  const block = fenced(['a', '```', '````x', '~~~']);
  const [open = ''] = block.split('\n');
  assert.ok(open.startsWith('`````'));
  assert.equal(block.split('\n').filter((line) => line.startsWith('`````')).length, 2);
});
