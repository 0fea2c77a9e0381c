import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { CASES } from '../../bench/rca/cases.ts';
import { answerOf, startDnsServer } from '../../bench/rca/dns-server.ts';
import { shiftTimes, startHttpProxy } from '../../bench/rca/http-proxy.ts';
import { judge, settled } from '../../bench/rca/judge.ts';
import type { Finding, Incident } from '../../collector/correlate/incident.ts';

const right = { cause: /^redis\.GET slow:/, evidence: { kind: 'pool', says: /is full/ } } as const;

const found = (kind: Finding['kind'], outcome: Finding['outcome'], statement: string) =>
  ({ kind, outcome, statement }) as Finding;

const incident = (title: string, findings: Finding[], tier: Incident['confidence']['tier'] = 'low') => ({
  title,
  findings,
  confidence: { tier, holds: 1, tested: 1, reason: '' },
});

test('there are twelve faults, each with a name of its own', () => {
  assert.ok(CASES.length >= 12);
  assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
});

test('an incident is right when its title names the cause and a finding that holds says why', () => {
  const full = found('pool', 'holds', 'The redis pool is full');
  assert.deepEqual(judge(incident('redis.GET slow: it waits', [full]), right), {
    rank1: true,
    evidence: true,
  });
  assert.equal(judge(incident('redis.GET failing: it waits', [full]), right).rank1, false);
});

test('a title without a cause, a refuted finding, and one of another kind do not count', () => {
  const unsure = incident('redis.GET slow: perhaps', [], 'insufficient evidence');
  assert.equal(judge(unsure, right).rank1, false);
  const refuted = found('pool', 'refuted', 'The redis pool is full');
  const other = found('logs', 'holds', 'the disk is full');
  assert.equal(judge(incident('redis.GET slow: x', [refuted, other]), right).evidence, false);
});

test('an attribute counts that no call explains, which a refuted difference tells', () => {
  const told = found('difference', 'refuted', 'No call separates them. 100 % have customer = a.');
  const wanted = { cause: /^x/, evidence: { kind: 'difference', says: /customer = a/ } } as const;
  assert.equal(judge(incident('x', [told]), wanted).evidence, true);
});

test('an answer counts from when it is right without a break, and not at all when it is wrong at the end', () => {
  const look = (atSeconds: number, rank1: boolean, evidence: boolean) => ({ atSeconds, rank1, evidence });
  const looks = [look(1, true, true), look(2, true, false), look(3, true, true), look(4, true, true)];
  assert.deepEqual(settled(looks), { rank1: true, evidence: true, seconds: 3 });
  assert.equal(settled([...looks, look(5, false, true)]).seconds, undefined);
  assert.equal(settled([]).seconds, undefined);
});

test('the name server resolves every name until it forgets them', async (t) => {
  const server = await startDnsServer();
  t.after(server.stop);
  const resolver = new Resolver();
  resolver.setServers([server.address]);
  assert.deepEqual(await resolver.resolve4('shipping.internal'), ['127.0.0.1']);
  server.forget();
  await assert.rejects(resolver.resolve4('shipping.internal'), { code: 'ENOTFOUND' });
});

test('a packet that holds no question is not answered', () => {
  for (const bytes of [0, 11, 12, 16]) assert.equal(answerOf(Buffer.alloc(bytes, 1), true), undefined);
});

async function echo(t: TestContext, name: string): Promise<string> {
  const server = createServer((incoming, answer) => {
    incoming.on('data', (chunk) => answer.write(chunk));
    incoming.on('end', () => answer.end(name));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the proxy hands requests to its targets in turn, and may rewrite their bodies', async (t) => {
  const rewrite = (body: Buffer) => Buffer.from(body.toString().toUpperCase());
  const proxy = await startHttpProxy({ targets: [await echo(t, 'a'), await echo(t, 'b')], rewrite });
  t.after(proxy.stop);
  const ask = async () => (await fetch(`http://${proxy.address}/`, { method: 'POST', body: 'long ' })).text();
  assert.deepEqual([await ask(), await ask(), await ask()], ['LONG a', 'LONG b', 'LONG a']);
});

test('the proxy answers 502 for a target that is not there', async (t) => {
  const proxy = await startHttpProxy({ targets: ['127.0.0.1:1'] });
  t.after(proxy.stop);
  assert.equal((await fetch(`http://${proxy.address}/`)).status, 502);
});

test('all times of spans are shifted, and nothing else', () => {
  const body = {
    startTimeUnixNano: '1000',
    endTimeUnixNano: '2000',
    events: [{ timeUnixNano: '1500' }],
    n: '7',
  };
  const shifted = JSON.parse(shiftTimes(Buffer.from(JSON.stringify(body)), -300n).toString());
  assert.deepEqual(shifted, {
    ...{ startTimeUnixNano: '700', endTimeUnixNano: '1700', events: [{ timeUnixNano: '1200' }], n: '7' },
  });
});
