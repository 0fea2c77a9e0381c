import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { decodeProfile } from '../../collector/formats/pprof/decode-profile.ts';
import type { Profile, ProfileKind, TakenProfiles } from '../../collector/formats/pprof/profile.ts';

const text = readFileSync(new URL('../collector/formats/pprof.proto', import.meta.url), 'utf8');
const type = protobuf.parse(text).root.lookupType('pprof.Profile');

/** A sample as a test writes it: names of calls from the leaf to the root, `name@@file` where the file matters. */
export interface PlainSample {
  stack: readonly string[];
  values: readonly number[];
  labels?: Readonly<Record<string, string | number>>;
}

export interface PlainProfile {
  sampleTypes: readonly (readonly [type: string, unit: string])[];
  samples: readonly PlainSample[];
  period?: number;
  seconds?: number;
}

/** A profile as protobufjs writes it, each call at a place of its own. Not gzipped. */
export function encodeProfile({ sampleTypes, samples, period = 0, seconds = 0 }: PlainProfile): Uint8Array {
  const strings = new Map([['', 0]]);
  const at = (value: string) => {
    if (!strings.has(value)) strings.set(value, strings.size);
    return strings.get(value)!;
  };
  const calls = new Map<string, number>();
  const idOf = (call: string) => {
    if (!calls.has(call)) calls.set(call, calls.size + 1);
    return calls.get(call)!;
  };
  const sample = samples.map(({ stack, values, labels = {} }) => ({
    locationId: stack.map(idOf),
    value: values,
    label: Object.entries(labels).map(([key, value]) =>
      typeof value === 'number' ? { key: at(key), num: value } : { key: at(key), str: at(value) },
    ),
  }));
  const plain = {
    sampleType: sampleTypes.map(([name, unit]) => ({ type: at(name), unit: at(unit) })),
    sample,
    location: [...calls.values()].map((id) => ({ id, line: [{ functionId: id, line: id }] })),
    function: [...calls].map(([call, id]) => {
      const [name = '', file = ''] = call.split('@@');
      return { id, name: at(name), filename: at(file) };
    }),
    mapping: [{ id: 1, filename: at('/bin/shop') }],
    timeNanos: 1,
    durationNanos: seconds * 1e9,
    period,
  };
  return type.encode(type.fromObject({ ...plain, stringTable: [...strings.keys()] })).finish();
}

/** Bytes of any message Profile, well formed or not as a profile. */
export function encodePlainProfile(plain: object): Uint8Array {
  return type.encode(type.fromObject(plain)).finish();
}

export function profileOf(plain: PlainProfile): Profile {
  return decodeProfile(encodeProfile(plain));
}

/** Bytes of a profile that the program in testdata/pprof wrote of itself. */
export function recordedBytes(kind: ProfileKind, when: 'quiet' | 'incident'): Buffer {
  return readFileSync(new URL(`../collector/formats/testdata/pprof/${kind}-${when}.pb.gz`, import.meta.url));
}

/** All profiles of one moment, as the receiver would have taken them. */
export function recordedProfiles(when: 'quiet' | 'incident'): TakenProfiles {
  const kinds = ['goroutine', 'heap', 'mutex', 'cpu'] as const;
  const profiles = Object.fromEntries(kinds.map((kind) => [kind, decodeProfile(recordedBytes(kind, when))]));
  return { profiles, missed: [] };
}

/** What net/http/pprof of that program would have answered, by path; over `seconds` where it takes time. */
export function recordedAnswers(seconds: number): Record<string, Uint8Array> {
  const contentions = [
    ['contentions', 'count'],
    ['delay', 'nanoseconds'],
  ] as const;
  return {
    '/debug/pprof/goroutine': recordedBytes('goroutine', 'incident'),
    '/debug/pprof/heap': recordedBytes('heap', 'incident'),
    [`/debug/pprof/profile?seconds=${seconds}`]: recordedBytes('cpu', 'incident'),
    [`/debug/pprof/mutex?seconds=${seconds}`]: recordedBytes('mutex', 'incident'),
    [`/debug/pprof/block?seconds=${seconds}`]: gzipSync(
      encodeProfile({ sampleTypes: contentions, samples: [] }),
    ),
  };
}

/** A server of these answers, or of what `over` says for some paths; tells what it was asked. */
export async function servedProfiles(
  t: TestContext,
  over: Record<string, RequestListener> = {},
  answers = recordedAnswers(3),
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    const special = over[url];
    if (special) special(request, response);
    else response.writeHead(answers[url] ? 200 : 404).end(answers[url] ?? 'not found');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return { asked, target: { instance: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}` } };
}
