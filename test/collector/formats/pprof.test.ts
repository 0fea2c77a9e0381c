import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { decodeProfile } from '../../../collector/formats/pprof/decode-profile.ts';
import { PROFILE_LIMITS } from '../../../collector/formats/pprof/limits.ts';
import { framesOf } from '../../../collector/formats/pprof/profile.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { encodePlainProfile, encodeProfile, profileOf, recordedBytes } from '../../helpers/profiles.ts';
import { mutations } from './tampering.ts';

const COUNT = [['samples', 'count']] as const;
const refusedAs = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof CollectorError && error.code === code && message.test(error.message);

test('a CPU profile that Go wrote is read: values, period, duration, calls from the leaf to the root, labels', () => {
  const profile = decodeProfile(recordedBytes('cpu', 'incident'));
  assert.deepEqual(profile.sampleTypes, [
    { type: 'samples', unit: 'count' },
    { type: 'cpu', unit: 'nanoseconds' },
  ]);
  assert.equal(profile.period, 10_000_000);
  assert.ok(profile.durationNano > 1_900_000_000n && profile.durationNano < 2_500_000_000n);
  const burning = profile.samples.filter((sample) =>
    framesOf(sample).some(({ name }) => name === 'main.burn'),
  );
  assert.ok(burning.length > 3);
  assert.deepEqual(burning[0]!.labels, { 'http.route': '/api/v2/verify' });
  assert.equal(framesOf(burning[0]!).at(-1)!.name, 'runtime/pprof.Do');
  assert.ok(profile.samples.every(({ values }) => values[1] === values[0]! * profile.period));
});

test('a goroutine dump that Go wrote counts goroutines by stack', () => {
  const { samples } = decodeProfile(recordedBytes('goroutine', 'incident'));
  const waiting = samples.filter((sample) =>
    framesOf(sample).some(({ name }) => name === 'sync.(*Mutex).Lock'),
  );
  assert.equal(waiting.length, 1);
  assert.ok(waiting[0]!.values[0]! >= 15);
});

test('a call that the compiler inlined stands before the one that it was inlined into', () => {
  const body = encodePlainProfile({
    sampleType: [{ type: 1, unit: 2 }],
    sample: [{ locationId: [7], value: [3] }],
    location: [
      {
        id: 7,
        line: [
          { functionId: 1, line: 10 },
          { functionId: 2, line: 20 },
        ],
      },
    ],
    function: [
      { id: 1, name: 3, filename: 5 },
      { id: 2, name: 4, filename: 5 },
    ],
    stringTable: ['', 'samples', 'count', 'inner', 'outer', 'a.go'],
  });
  assert.deepEqual(framesOf(decodeProfile(body).samples[0]!), [
    { name: 'inner', file: 'a.go', line: 10 },
    { name: 'outer', file: 'a.go', line: 20 },
  ]);
});

test('a place without a name is told by its address', () => {
  const body = encodePlainProfile({
    sampleType: [{ type: 0, unit: 0 }],
    sample: [{ locationId: [1], value: [1] }],
    location: [{ id: 1, address: 255 }],
    stringTable: [''],
  });
  assert.equal(framesOf(decodeProfile(body).samples[0]!)[0]!.name, '0xff');
});

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((s) => !s.includes('@@'));
const sample = fc.record({
  stack: fc.array(name, { maxLength: 6 }),
  values: fc.tuple(fc.maxSafeInteger(), fc.maxSafeInteger()),
  labels: fc.dictionary(
    name.filter((s) => s !== '__proto__'),
    fc.oneof(name, fc.integer()),
    { maxKeys: 3 },
  ),
});

test('whatever an encoder that is not ours writes is read back, gzipped or not', () => {
  const property = fc.property(fc.array(sample, { maxLength: 8 }), fc.boolean(), (samples, zipped) => {
    const types = [...COUNT, ['cpu', 'nanoseconds']] as const;
    const plain = encodeProfile({ sampleTypes: types, samples, period: 10, seconds: 2 });
    const profile = decodeProfile(zipped ? gzipSync(plain) : plain);
    assert.equal(profile.durationNano, 2_000_000_000n);
    assert.deepEqual(
      profile.samples.map((one) => ({
        stack: framesOf(one).map((frame) => frame.name),
        values: one.values,
        labels: one.labels,
      })),
      samples.map(({ stack, values, labels }) => ({
        ...{ stack, values },
        labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)])),
      })),
    );
  });
  fc.assert(property, { numRuns: 100 });
});

test('damaged profiles are refused as bad data or too large, or read; nothing else happens', () => {
  const bodies = (['cpu', 'heap', 'mutex', 'goroutine'] as const).map((kind) =>
    gunzipSync(recordedBytes(kind, 'incident')),
  );
  let refused = 0;
  for (const body of [...mutations(bodies, 600), ...mutations([recordedBytes('cpu', 'quiet')], 100)]) {
    try {
      decodeProfile(body);
    } catch (error) {
      assert.ok(error instanceof CollectorError && /^(bad-data|too-large)$/.test(error.code), String(error));
      refused++;
    }
  }
  assert.ok(refused > 100, `${refused}`);
});

test('numbers that lead nowhere, values of the wrong number, and bodies that are no profile are bad data', () => {
  const strings = { stringTable: ['', 'a'], sampleType: [{ type: 1, unit: 1 }] };
  const cases: [object, RegExp][] = [
    [{ ...strings, sample: [{ locationId: [9], value: [1] }] }, /no location 9/],
    [{ ...strings, location: [{ id: 1, line: [{ functionId: 5 }] }] }, /no function 5/],
    [{ ...strings, function: [{ id: 1, name: 2 }] }, /no string 2/],
    [{ ...strings, function: [{ id: 1, name: -1 }] }, /no string -1/],
    [{ ...strings, sample: [{ value: [1, 2] }] }, /has 2 values, not 1/],
    [{}, /is no profile/],
  ];
  for (const [plain, message] of cases)
    assert.throws(() => decodeProfile(encodePlainProfile(plain)), refusedAs('bad-data', message));
  assert.throws(() => decodeProfile(Buffer.from('<html>not found')), refusedAs('bad-data', /byte \d/));
  assert.throws(() => decodeProfile(Buffer.from([0x1f, 0x8b, 1])), refusedAs('bad-data', /gzip/));
});

test('each limit refuses what is above it, and a bomb of gzip is not inflated', () => {
  const deep = { stack: ['a', 'b', 'c'], values: [1] };
  const body = encodeProfile({ sampleTypes: COUNT, samples: [deep, deep] });
  const above = (limit: object) => () => decodeProfile(body, { ...PROFILE_LIMITS, ...limit });
  for (const limit of [{ bytes: 10 }, { samples: 1 }, { entries: 2 }, { depth: 2 }, { frames: 5 }])
    assert.throws(above(limit), refusedAs('too-large', /more than \d+/), JSON.stringify(limit));
  assert.equal(above({ samples: 2, depth: 3, frames: 6 })().samples.length, 2);
  const bomb = gzipSync(Buffer.alloc(PROFILE_LIMITS.bytes + 1));
  assert.throws(() => decodeProfile(bomb), refusedAs('too-large', /inflated/));
});

test('labels of numbers have their unit', () => {
  const profile = profileOf({
    sampleTypes: COUNT,
    samples: [{ stack: ['a'], values: [1], labels: { bytes: 4096 } }],
  });
  assert.deepEqual(profile.samples[0]!.labels, { bytes: '4096' });
});
