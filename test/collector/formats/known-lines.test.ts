import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { goNumber } from '../../../collector/formats/prometheus-names.ts';
import { ByteCursor, sameBytes } from '../../../collector/formats/prometheus-text/known-lines.ts';
import { parsePrometheusText } from '../../../collector/formats/prometheus-text/parse-text.ts';
import { SeriesCache } from '../../../collector/formats/prometheus-text/series-cache.ts';
import type { TextFormat } from '../../../collector/formats/prometheus-text/series-kind.ts';
import { SampleBuilder } from '../../../collector/formats/sample-builder.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { toHex } from '../../../collector/telemetry/ids.ts';

const NOW = 1_700_000_000_000_000_000n;
const LABELS = { job: 'shop', instance: 'shop:8081' };
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

interface Read {
  samples: string[];
  exemplars: string[];
  error?: string;
}

/** What one scrape gives, as text that can be compared. */
function read(text: string, format: TextFormat, cache: SeriesCache): Read {
  try {
    const { builder } = parsePrometheusText(Buffer.from(text), format, cache, NOW);
    cache.commit();
    const { index, count } = builder.build();
    const name = (position: number) => JSON.stringify(index.series[position]);
    const { exemplars } = index;
    return {
      samples: Array.from(
        { length: count },
        (_, i) => `${name(index.seriesIndex[i]!)} ${index.value[i]} ${index.timeUnixNano[i]}`,
      ),
      exemplars: Array.from(
        exemplars.value,
        (value, i) =>
          `${name(exemplars.seriesIndex[i]!)} ${value} ${toHex(exemplars.traceId, i * 16, 16)} ${toHex(exemplars.spanId, i * 8, 8)} at ${exemplars.timeUnixNano[i]}`,
      ),
    };
  } catch (error) {
    assert.ok(error instanceof CollectorError && error.code === 'bad-data', String(error));
    cache.fail();
    return { samples: [], exemplars: [], error: error.message };
  }
}

const comments = [
  '# TYPE a counter',
  '# TYPE a gauge',
  '# TYPE a_b histogram',
  '# HELP a x',
  '# HELP ax',
  '#',
];
const series = [
  'a',
  'a_total',
  'a{x="1"}',
  'a{x="ä"}',
  'a { x="1" }',
  'a_b_bucket{le="1.0"}',
  'a_b_sum',
  'c',
];
const values = [
  ' 1',
  ' 2.50',
  ' -0',
  ' 1e3',
  ' NaN',
  ' 0.12345678901234567',
  ` ${'1'.repeat(41)}`,
  '  3',
  '\t4',
  ' x',
  ' +Inf',
  ' 5 ',
];
const tails = [
  ...['', '', '', ' 1700000001', ' 1700000001.5', ' 1700000001.', ' # {} 1', ' 9223372036', ' 1700000000001'],
  ...[' 9999999999999', ' 1700000001 # {} 1', ' -1', ' 17000000000000001'],
  ` # {trace_id="${TRACE}"} 1 9999999999.9`,
  ` # {trace_id="${TRACE}",span_id="00f067aa0ba902b7"} 0.25 1700000000.123456789`,
  ` # {span_id="00f067aa0ba902b7",trace_id="${TRACE}"} 0.25 1700000000.1`,
  ` # {trace_id="${TRACE}"} 0.25`,
  ` # {trace_id="${TRACE.toUpperCase()}"} 7 1700000000`,
  ` # {trace_id="${TRACE}",trace_id="${TRACE}"} 1`,
  ` # {trace_id="zz${TRACE.slice(2)}"} 1 1.7e9`,
  ` # {trace_id="${TRACE}",other="1"} 1 12345678901`,
  ` # {trace_id="${TRACE}"} 1 1700000000.`,
  ' # {trace_id="',
];
const line = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...comments) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...series), fc.constantFrom(...values), fc.constantFrom(...tails))
      .map((parts) => parts.join('')),
  },
);

/** Some scrapes of one target: the same lines, less some, with values that change. */
const scrapes = fc.array(line, { maxLength: 8 }).chain((lines) =>
  fc.array(
    fc
      .tuple(fc.subarray(lines), fc.array(line, { maxLength: 2 }), fc.nat(8), fc.constantFrom('\n', ''))
      .map(
        ([kept, more, at, end]) => `${[...kept.slice(0, at), ...more, ...kept.slice(at)].join('\n')}${end}`,
      ),
    { minLength: 2, maxLength: 5 },
  ),
);

test('what is read with the lines of the scrape before in mind is what is read without', () => {
  const format = fc.constantFrom<TextFormat>('text', 'openmetrics');
  fc.assert(
    fc.property(scrapes, format, (texts, written) => {
      const cache = new SeriesCache({ labels: LABELS });
      let before: Read = { samples: [], exemplars: [] };
      for (const body of texts) {
        const text = written === 'openmetrics' ? `${body.trimEnd()}\n# EOF\n`.trimStart() : body;
        const anew = read(text, written, new SeriesCache({ labels: LABELS }));
        const known = read(text, written, cache);
        assert.deepEqual([known.samples, known.error], [anew.samples, anew.error]);
        // Of the exemplars those may be left out that stood there in the scrape before; one without a time of its
        // own had the time of its sample then.
        const untimed = (one: string) => one.slice(0, one.lastIndexOf(' at '));
        const handed = new Set(known.exemplars);
        const old = new Set(before.exemplars.map(untimed));
        for (const one of anew.exemplars) assert.ok(handed.has(one) || old.has(untimed(one)), one);
        for (const one of known.exemplars) assert.ok(anew.exemplars.includes(one), one);
        before = anew;
      }
    }),
    { numRuns: 3000 },
  );
});

test('a number that is read from bytes is the one its text means', () => {
  const written = fc.oneof(
    fc
      .double({ noNaN: true })
      .map((value) => (Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf')),
    fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 45n }), fc.nat(50)).map(([digits, at]) => {
      const text = String(digits);
      return `${text.slice(0, at)}.${text.slice(at)}`;
    }),
    fc.stringMatching(/^[-+]?[0-9.eE]{0,20}$/),
  );
  fc.assert(
    fc.property(written, (text) => {
      const cursor = new ByteCursor(Buffer.from(`${text}\n`));
      const value = cursor.number();
      if (cursor.pos >= 0) assert.deepEqual([value, cursor.pos], [goNumber(text), text.length]);
      else assert.ok(Number.isNaN(goNumber(text)) || text.length > 39);
    }),
    { numRuns: 5000 },
  );
});

test('an exemplar of any time is put down with the nanosecond that its text means', () => {
  const seconds = fc.integer({ min: 0, max: 9_223_372_035 });
  fc.assert(
    fc.property(seconds, fc.stringMatching(/^[0-9]{1,15}$/), (whole, fraction) => {
      const builder = new SampleBuilder();
      const text = `# {trace_id="${TRACE}"} 1 ${whole}.${fraction}\n`;
      const cursor = new ByteCursor(Buffer.from(text));
      cursor.exemplar(builder, 0, NOW);
      assert.equal(cursor.pos, text.length);
      const { timeUnixNano } = builder.build().index.exemplars;
      const expected = BigInt(`${whole}${fraction.slice(0, 9).padEnd(9, '0')}`);
      assert.equal(timeUnixNano[0], expected);
    }),
  );
});

test('bytes are the same up to the last one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(19), fc.nat(3), (bytes, at, shift) => {
      const other = new Uint8Array(bytes.length + shift);
      other.set(bytes, shift);
      const views = [new DataView(bytes.buffer), new DataView(other.buffer)] as const;
      assert.ok(sameBytes(views[0], 0, views[1], shift, bytes.length));
      const changed = at % bytes.length;
      other[shift + changed] = other[shift + changed]! ^ 1;
      assert.ok(!sameBytes(views[0], 0, views[1], shift, bytes.length));
      assert.ok(sameBytes(views[0], 0, views[1], shift, changed));
    }),
  );
});
