import { decodeProfile } from '../formats/pprof/decode-profile.ts';
import { PROFILE_LIMITS } from '../formats/pprof/limits.ts';
import type { Profile, ProfileKind, TakenProfiles } from '../formats/pprof/profile.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { messageOf, type Schedule, systemSchedule } from './receiver.ts';

/** Where the profiles of one process are. */
interface PprofTarget {
  /** host:port, as it is told. */
  instance: string;
  /** What `/debug/pprof/` stands below: `http://localhost:8081`. */
  url: string;
}

export interface PprofDeps {
  fetch: (
    url: string,
    init: { headers: Record<string, string>; signal: AbortSignal; redirect: 'error' },
  ) => Promise<Response>;
  schedule?: Schedule;
}

/** Takes the profiles of one process; rejects only when `signal` is aborted. */
export type TakeProfiles = (
  target: PprofTarget,
  seconds: number,
  signal: AbortSignal,
) => Promise<TakenProfiles>;

/** A process that answers nothing within this time, beyond what was asked of it, is not waited for. */
const TIMEOUT_MS = 5000;

/**
 * What is asked, one step after the other: how things are at the moment, then what happens in the next seconds, all of
 * which is counted at once. With `seconds` Go answers the difference of two profiles.
 * Source: https://pkg.go.dev/net/http/pprof
 */
const STEPS: readonly (readonly { kind: ProfileKind; path: string; lasts: boolean }[])[] = [
  [{ kind: 'goroutine', path: 'goroutine', lasts: false }],
  [{ kind: 'heap', path: 'heap', lasts: false }],
  [
    { kind: 'cpu', path: 'profile', lasts: true },
    { kind: 'mutex', path: 'mutex', lasts: true },
    { kind: 'block', path: 'block', lasts: true },
  ],
];

/**
 * Makes a function that fetches a goroutine dump, the heap, and over some seconds CPU, mutex and block profiles from
 * `/debug/pprof/`, and decodes them. Each answer is bounded in time and bytes; what cannot be had is told with a
 * reason: `unreachable`, `too-slow`, `refused` (an answer other than 200), or a code of the catalogue of errors. After
 * an answer that says that nothing is there, nothing more is asked.
 */
export function createPprof(deps: PprofDeps): TakeProfiles {
  const schedule = deps.schedule ?? systemSchedule;
  return async (target, seconds, signal) => {
    const taken: TakenProfiles = { profiles: {}, missed: [] };
    for (const [i, step] of STEPS.entries()) {
      const answers = step.map(async ({ kind, path, lasts }) => {
        const url = `${target.url}/debug/pprof/${path}${lasts ? `?seconds=${seconds}` : ''}`;
        const timeoutMs = TIMEOUT_MS + (lasts ? seconds * 1000 : 0);
        try {
          taken.profiles[kind] = await fetchProfile({ ...deps, schedule }, url, timeoutMs, signal);
        } catch (error) {
          taken.missed.push({ kind, reason: reasonOf(error), message: messageOf(error) });
        }
      });
      await Promise.all(answers);
      signal.throwIfAborted();
      const nothingThere = taken.missed.find(
        ({ reason }) => reason === 'refused' || reason === 'unreachable',
      );
      if (i === 0 && nothingThere) {
        const rest = STEPS.slice(1).flat();
        taken.missed.push(...rest.map(({ kind }) => ({ ...nothingThere, kind })));
        break;
      }
    }
    return taken;
  };
}

/** What went wrong in reaching a process, before there was anything to decode. */
class NotFetched extends Error {
  readonly reason: 'unreachable' | 'too-slow' | 'refused';

  constructor(reason: NotFetched['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof NotFetched) return error.reason;
  return error instanceof CollectorError ? error.code : 'internal';
}

async function fetchProfile(
  { fetch, schedule }: Required<PprofDeps>,
  url: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Profile> {
  const timeout = new AbortController();
  const cancel = schedule(() => timeout.abort(), timeoutMs);
  try {
    const headers = { 'User-Agent': 'go-sre-collector' };
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.any([timeout.signal, signal]),
      redirect: 'error',
    });
    return decodeProfile(await bodyOf(response, url));
  } catch (error) {
    if (error instanceof CollectorError || error instanceof NotFetched) throw error;
    if (timeout.signal.aborted)
      throw new NotFetched('too-slow', `${url} did not answer within ${timeoutMs / 1000} s`, error);
    const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
    throw new NotFetched('unreachable', `${url} cannot be read: ${messageOf(error)}${cause}`, error);
  } finally {
    cancel();
  }
}

async function bodyOf(response: Response, url: string): Promise<Uint8Array> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new NotFetched('refused', `${url} answered ${response.status}, not 200`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the stream.
    if (size > PROFILE_LIMITS.bytes)
      throw new CollectorError('too-large', `${url} answered more than ${PROFILE_LIMITS.bytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
