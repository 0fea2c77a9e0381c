import { parse } from 'yaml';
import { isDay } from '../../data/base-images.ts';
import { ImageError } from '../problem.ts';

/** A hole that somebody decided to live with for a while. */
export type Waiver = {
  id: string;
  /** Undefined: in every package. */
  package: string | undefined;
  reason: string;
  /** The last day that it counts, `YYYY-MM-DD`. */
  expires: string;
};

const keys = ['id', 'package', 'reason', 'expires'] as const;
const maxWaivers = 10_000;

/**
 * Reads a waiver file: YAML or JSON, a list, or a mapping with the list under `waivers`. Strict, since what is misspelt
 * here lets a hole through.
 * @throws ImageError that lists every problem with its place
 */
export function parseWaivers(text: string): Waiver[] {
  const document = documentOf(text);
  const list =
    isRecord(document) && Object.keys(document).join() === 'waivers' ? document['waivers'] : document;
  if (list === null || list === undefined) return [];
  if (!Array.isArray(list) || list.length > maxWaivers) {
    throw new ImageError(
      'is no list of waivers; each is written as id, reason, expires and, if need be, package',
    );
  }
  const problems: string[] = [];
  const waivers = list.map((item, i) => waiverOf(item, `[${i}]`, problems));
  if (problems.length > 0)
    throw new ImageError(`is not right:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  return waivers;
}

function documentOf(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new ImageError(`is no YAML: ${(error as Error).message.split('\n')[0]}`);
  }
}

function waiverOf(item: unknown, at: string, problems: string[]): Waiver {
  const record = isRecord(item) ? item : {};
  if (!isRecord(item)) problems.push(`${at}: must have id, reason and expires`);
  for (const key of Object.keys(record)) {
    if (!keys.some((known) => known === key))
      problems.push(`${at}.${key}: there is no such key; there are ${keys.join(', ')}`);
  }
  const text = (key: (typeof keys)[number], needed: boolean) => {
    const value = record[key];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    if (isRecord(item) && (needed || value !== undefined)) problems.push(`${at}.${key}: must be a text`);
    return undefined;
  };
  const expires = text('expires', true) ?? '';
  if (expires !== '' && !isDay(expires))
    problems.push(`${at}.expires: must be a day like 2027-01-31, not ${JSON.stringify(expires)}`);
  return {
    id: text('id', true) ?? '',
    package: text('package', false),
    reason: text('reason', true) ?? '',
    expires,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
