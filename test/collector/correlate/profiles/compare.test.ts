import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  compareCpu,
  compareGoroutines,
  compareHeap,
  compareLoad,
  compareWaits,
  coresOf,
} from '../../../../collector/correlate/profiles/compare.ts';
import { summarise } from '../../../../collector/correlate/profiles/summary.ts';
import { type PlainSample, profileOf, recordedProfiles } from '../../../helpers/profiles.ts';
import { randomFrom } from '../../../helpers/random.ts';

const CPU = { sampleTypes: [['samples', 'count']], period: 10_000_000, seconds: 10 } as const;

/** A CPU profile of stacks, leaf first, written as `leaf root: samples`. */
function cpu(counts: Readonly<Record<string, number>>) {
  const samples = Object.entries(counts).map(([stack, n]) => ({ stack: stack.split(' '), values: [n] }));
  return summarise('shop:8081', { profiles: { cpu: profileOf({ ...CPU, samples }) }, missed: [] }, 10).cpu!;
}

function goroutines(counts: Readonly<Record<string, number>>) {
  const samples = Object.entries(counts).map(([stack, n]) => ({ stack: stack.split(' '), values: [n] }));
  const goroutine = profileOf({ sampleTypes: [['goroutine', 'count']], samples });
  return summarise('shop:8081', { profiles: { goroutine }, missed: [] }, 10).goroutine!;
}

function heap(bytes: Readonly<Record<string, number>>) {
  const samples = Object.entries(bytes).map(([stack, n]) => ({ stack: stack.split(' '), values: [n] }));
  const profile = profileOf({ sampleTypes: [['inuse_space', 'bytes']], samples, period: 512 * 1024 });
  return summarise('shop:8081', { profiles: { heap: profile }, missed: [] }, 10).heap!;
}

const names = (changes: readonly { name: string }[]) => changes.map(({ name }) => name);

test('of the program that profiled itself what was done to it is found, and nothing else', () => {
  const now = summarise('a', recordedProfiles('incident'), 2);
  const quiet = summarise('a', recordedProfiles('quiet'), 2);
  assert.deepEqual(names(compareCpu(now.cpu!, [quiet.cpu!])), ['main.burn']);
  assert.deepEqual(names(compareHeap(now.heap!, [quiet.heap!])), ['main.keep']);
  assert.deepEqual(names(compareWaits(now.mutex!, [quiet.mutex!])), ['main.holdStock']);
  const [group] = compareGoroutines(now.goroutine!, [quiet.goroutine!]);
  assert.deepEqual(
    [group?.group.place, group?.group.reason, group?.before],
    ['main.holdStock', 'sync.Mutex.Lock', 0],
  );
  assert.deepEqual([compareCpu(quiet.cpu!, [quiet.cpu!]), compareHeap(quiet.heap!, [quiet.heap!])], [[], []]);
});

test('a caller is not told beside the call that it grew by; one that grew by more is', () => {
  const quiet = cpu({ 'a.leaf a.serve': 200 });
  const through = cpu({ 'a.leaf a.serve': 200, 'crypto/x.f a.new a.handler': 600 });
  assert.deepEqual(names(compareCpu(through, [quiet])), ['a.new']);
  const more = cpu({ 'a.leaf a.serve': 200, 'a.new a.handler': 300, 'a.other a.handler': 300 });
  assert.deepEqual(names(compareCpu(more, [quiet])), ['a.handler', 'a.new', 'a.other']);
});

test('calls that call each other are both told: none of them is the cause of the other', () => {
  const now = cpu({
    'a.even a.odd a.x': 300,
    'a.odd a.even a.y': 200,
    'a.odd a.even a.z': 200,
    'a.serve': 100,
  });
  const told = names(compareCpu(now, [cpu({ 'a.serve': 100 })]));
  assert.ok(told.includes('a.even') && told.includes('a.odd'), told.join());
});

test('ten times the traffic makes no function stand out, but its load is told', () => {
  const quiet = cpu({ 'a.read a.serve': 30, 'a.write a.serve': 20 });
  const now = cpu({ 'a.read a.serve': 300, 'a.write a.serve': 200 });
  assert.deepEqual(compareCpu(now, [quiet]), []);
  const load = compareLoad(now, [quiet]);
  assert.ok(load && Math.abs(load.now - 0.5) < 1e-9 && Math.abs(load.before - 0.05) < 1e-9);
  assert.equal(compareLoad(quiet, [now]), undefined);
});

test('a share that grew because other functions rest is no growth', () => {
  const quiet = cpu({ 'a.read': 300, 'a.write': 300 });
  assert.deepEqual(compareCpu(cpu({ 'a.read': 300 }), [quiet]), []);
});

test('what any of the quiet profiles had already is usual', () => {
  const now = cpu({ 'a.read': 100, 'a.report': 500 });
  const hourly = cpu({ 'a.read': 100, 'a.report': 450 });
  assert.deepEqual(names(compareCpu(now, [cpu({ 'a.read': 100 })])), ['a.report']);
  assert.deepEqual(compareCpu(now, [cpu({ 'a.read': 100 }), hourly, cpu({ 'a.read': 90 })]), []);
});

test('a few samples, and nothing to compare with, say nothing', () => {
  assert.deepEqual(compareCpu(cpu({ 'a.burn': 15 }), [cpu({ 'a.read': 500 })]), []);
  assert.deepEqual(compareCpu(cpu({ 'a.burn': 500 }), []), []);
  assert.deepEqual(compareGoroutines(goroutines({ 'a.f': 500 }), []), []);
  assert.deepEqual(compareHeap(heap({ 'a.f': 5e8 }), []), []);
});

test('profiles of a service that does the same all the time differ by chance alone, and nothing is told', () => {
  const next = randomFrom(7);
  const poisson = (mean: number) => {
    let n = 0;
    for (let product = next(); product > Math.exp(-mean); product *= next()) n++;
    return n;
  };
  const means = [4, 10, 25, 60, 120];
  const draw = () => Object.fromEntries(means.map((mean, i) => [`a.f${i} a.serve`, poisson(mean)]));
  const told = Array.from({ length: 100 }, () => {
    const [now, quiet] = [draw(), draw()];
    return (
      compareCpu(cpu(now), [cpu(quiet)]).length +
      compareGoroutines(goroutines(now), [goroutines(quiet)]).length
    );
  });
  assert.equal(told.filter((n) => n > 0).length, 0);
});

test('goroutines are compared by what they wait for, where, and from which code', () => {
  const before = { 'runtime.gopark time.Sleep a.poll': 5, 'runtime.gopark runtime.chanrecv a.work': 8 };
  const leak = { 'runtime.gopark runtime.chanrecv a.work': 400, 'runtime.gopark time.Sleep a.poll': 6 };
  const [change, ...others] = compareGoroutines(goroutines(leak), [goroutines(before)]);
  assert.deepEqual(
    [change?.group.reason, change?.group.place, change?.now, change?.before, others.length],
    ['chan receive', 'a.work', 400, 8, 0],
  );
});

test('heap that grew by less than its sampling tells is not told', () => {
  const MB = 1024 * 1024;
  assert.deepEqual(compareHeap(heap({ 'a.f': 3 * MB }), [heap({ 'a.f': MB })]), []);
  const [change] = compareHeap(heap({ 'a.f': 60 * MB, 'a.g': 20 * MB }), [
    heap({ 'a.f': 5 * MB, 'a.g': 20 * MB }),
  ]);
  assert.ok(
    change && change.name === 'a.f' && change.interval!.low > 35 * MB && change.interval!.high < 75 * MB,
  );
});

const call = fc.constantFrom(
  'a.f',
  'a.g',
  'a.h',
  'net/http.serve',
  'runtime.mallocgc',
  'b.f@@/mod/b@v1.2.0/f.go',
);
const samples = fc.array(
  fc.record({ stack: fc.array(call, { minLength: 1, maxLength: 5 }), n: fc.nat(50) }),
  {
    minLength: 1,
    maxLength: 10,
  },
);

test('self and cumulative values are those of a naive count, and places cover every sample', () => {
  const property = fc.property(samples, (drawn) => {
    const plain: PlainSample[] = drawn.map(({ stack, n }) => ({ stack, values: [n] }));
    const cpuProfile = profileOf({ ...CPU, samples: plain });
    const use = summarise('a', { profiles: { cpu: cpuProfile }, missed: [] }, 10).cpu!;
    const sum = drawn.reduce((all, { n }) => all + n, 0);
    assert.equal(use.sum, sum);
    assert.ok(Math.abs(coresOf(use) - sum / 1000) < 1e-9);
    for (const { name, self, total } of use.functions) {
      const of = (hit: (stack: string[]) => boolean) =>
        drawn
          .filter(({ stack }) => hit(stack.map((one) => one.split('@@')[0]!)))
          .reduce((all, { n }) => all + n, 0);
      assert.equal(
        total,
        of((stack) => stack.includes(name)),
      );
      assert.equal(
        self,
        of((stack) => stack[0] === name),
      );
    }
    const places = new Set(use.functions.filter(({ here }) => here > 0).map(({ name }) => name));
    for (const { stack, n } of drawn)
      if (n > 0)
        assert.ok(
          stack.some((one) => places.has(one.split('@@')[0]!)),
          stack.join(),
        );
  });
  fc.assert(property, { numRuns: 100 });
});

test('what stands for stacks without own code is compared by those stacks, not by all that pass through it', () => {
  const now = cpu({
    'a.burn net/http.serve': 600,
    'runtime.malloc net/http.serve': 30,
    'a.read net/http.serve': 100,
  });
  const quiet = cpu({ 'runtime.malloc net/http.serve': 30, 'a.read net/http.serve': 100 });
  assert.deepEqual(names(compareCpu(now, [quiet])), ['a.burn']);
  assert.equal(now.functions.find(({ name }) => name === 'net/http.serve')?.total, 730);
  assert.equal(now.functions.find(({ name }) => name === 'net/http.serve')?.here, 30);
});
