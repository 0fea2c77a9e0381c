import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LATEST_UNIX_NANO } from '../../../collector/commands/command.ts';
import { EXPLAIN_PARAMETERS, parseExplainQuestion } from '../../../collector/correlate/explain-question.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';

const NOW = BigInt(Date.UTC(2026, 10, 27, 14)) * 1_000_000n;
const MINUTE = 60_000_000_000n;
const asker = { nowUnixNano: NOW, nameOf: (parameter: string) => `--${parameter}` };
const parse = (texts: Record<string, string>) => parseExplainQuestion(texts, asker);

test('a question without a time is about the last hour, with a moment about five minutes from there', () => {
  assert.deepEqual(parse({}), { range: { fromUnixNano: NOW - 60n * MINUTE, toUnixNano: NOW } });
  const at = BigInt(Date.UTC(2026, 10, 27, 13, 30)) * 1_000_000n;
  assert.deepEqual(parse({ at: '2026-11-27T13:30:00Z' }), {
    onsetUnixNano: at,
    range: { fromUnixNano: at, toUnixNano: at + 5n * MINUTE },
  });
  assert.deepEqual(parse({ at: String(at), from: '2026-11-27T13:22:00Z', to: '2026-11-27T13:32:00Z' }), {
    onsetUnixNano: at,
    range: { fromUnixNano: at - 8n * MINUTE, toUnixNano: at + 2n * MINUTE },
  });
});

test('a method may stand before the route, and conditions are read as they were joined', () => {
  const { range: _, ...rest } = parse({
    ...{ service: 'shop', route: 'GET /orders/{id}', signal: 'errors' },
    where: String.raw`customer.id=a\,b,region=eu`,
  });
  assert.deepEqual(rest, {
    ...{ service: 'shop', method: 'GET', route: '/orders/{id}', signal: 'errors' },
    where: [
      { key: 'customer.id', value: 'a,b' },
      { key: 'region', value: 'eu' },
    ],
  });
});

for (const [texts, message] of [
  [
    { at: 'noon' },
    '--at noon: must be a time such as 2026-01-31T14:22:00Z, or a number of seconds since the epoch.',
  ],
  [{ at: '2026-11-27T15:00:00Z' }, '--at 2026-11-27T15:00:00Z: must be before the end of what is looked at.'],
  [
    { at: '2026-11-27T13:00:00Z', from: '2026-11-27T13:30:00Z', to: '2026-11-27T13:40:00Z' },
    '--at 2026-11-27T13:00:00Z: must be at or after --from 2026-11-27T13:30:00Z.',
  ],
  [
    { at: '2026-11-27T13:00:00Z', from: '2026-11-27T13:30:00Z' },
    '--at 2026-11-27T13:00:00Z: must be at or after --from 2026-11-27T13:30:00Z.',
  ],
  [
    { at: '2026-11-27T13:40:00Z', from: '2026-11-27T13:30:00Z', to: '2026-11-27T13:40:00Z' },
    '--at 2026-11-27T13:40:00Z: must be before --to 2026-11-27T13:40:00Z.',
  ],
  [
    { from: '2026-11-27T15:00:00Z' },
    '--from 2026-11-27T15:00:00Z: must be so that the range begins before it ends, and after 1970.',
  ],
  [{ since: '2d' }, '--since 2d: must be a day at most before the end of the range.'],
  [
    { from: '2026-11-20T13:00:00Z', to: '2026-11-27T13:00:00Z' },
    '--from 2026-11-20T13:00:00Z: must be a day at most before the end of the range.',
  ],
  [{ since: '0m' }, '--since 0m: must be a duration such as 30m, 2h or 1d.'],
  [
    { since: '1h', from: '1' },
    '--since 1h: must be left out where --from is given: both say where the range begins.',
  ],
  [
    { since: '10m', at: '2026-11-27T13:00:00Z' },
    '--since 10m: must be left out where --at is given: both say where the range begins.',
  ],
  [{ signal: 'cpu' }, '--signal cpu: must be one of latency, errors.'],
  [{ where: 'customer' }, '--where customer: must be KEY=VALUE, such as service.version=1.4.0.'],
] as const) {
  test(`refused with what is wrong: ${Object.entries(texts).join(' ')}`, () => {
    assert.throws(() => parse(texts), { code: 'bad-request', message });
  });
}

test('the API refuses the same, and writes parameters as an address does', () => {
  const asked = { nowUnixNano: NOW, nameOf: (parameter: string) => `${parameter}=` };
  for (const [texts, message] of [
    [
      { since: '10m', at: '1' },
      'since=10m: must be left out where at is given: both say where the range begins.',
    ],
    [{ at: '1', from: '2', to: '3' }, 'at=1: must be at or after from=2.'],
    [{ where: 'customer' }, 'where=customer: must be KEY=VALUE, such as service.version=1.4.0.'],
  ] as const) {
    assert.throws(() => parseExplainQuestion(texts, asked), { code: 'bad-request', message });
  }
});

test('what is right at some time is not refused by the check before the time is known', () => {
  const time = fc.constantFrom('2026-11-27T13:00:00Z', '2026-11-27T13:58:00Z', '2026-11-27T15:00:00Z', '60');
  const texts = fc.record(
    { at: time, from: time, to: time, since: fc.constantFrom('1m', '2h', '9999d') },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(texts, (given) => {
      try {
        parse(given);
      } catch {
        return;
      }
      parseExplainQuestion(given, { ...asker, nowUnixNano: LATEST_UNIX_NANO });
    }),
    { numRuns: 500, seed: 7 },
  );
});

test('any texts are a question whose range begins before it ends, or are refused', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('1h', '30d', '9999999d', '1e9', 'a=b', 'GET /x', '2026-11-27T13:00:00Z'),
  );
  const texts = fc.dictionary(fc.constantFrom(...EXPLAIN_PARAMETERS), text);
  fc.assert(
    fc.property(texts, (given) => {
      try {
        const { range, onsetUnixNano } = parse(given);
        assert.ok(range.fromUnixNano >= 0n && range.fromUnixNano < range.toUnixNano);
        const isWithin = (at: bigint) => at >= range.fromUnixNano && at < range.toUnixNano;
        assert.ok(onsetUnixNano === undefined || isWithin(onsetUnixNano));
      } catch (error) {
        assert.ok(error instanceof CollectorError && error.code === 'bad-request', String(error));
        assert.match(error.message, /^--\w+[ =:]/);
      }
    }),
    { numRuns: 500, seed: 7 },
  );
});
