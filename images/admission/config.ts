import * as v from 'valibot';
import { parseDocument } from 'yaml';
import { type AdmissionConfig, configSchema } from './config-schema.ts';

/** Something wrong in a configuration, and where: `policies[0].images`; empty for the document itself. */
type ConfigProblem = { path: string; message: string };

/** The configuration, or every problem of it. */
export type ParsedConfig = { config: AdmissionConfig } | { problems: readonly ConfigProblem[] };

const maxBytes = 1024 * 1024;
const maxProblems = 50;

/** Reads the configuration of the admission server, YAML or JSON; strict, and with every problem at once. */
export function parseConfig(source: string): ParsedConfig {
  if (source.length > maxBytes) return { problems: [{ path: '', message: 'is larger than 1 MiB' }] };
  const document = parseDocument(source);
  if (document.errors.length > 0) {
    const message = document.errors[0]!.message.split('\n')[0]!;
    return { problems: [{ path: '', message: `is no YAML: ${message}` }] };
  }
  return checkConfig(plain(() => document.toJS({ maxAliasCount: 100 })));
}

/** Checks a configuration that is data already, made from flags. */
export function checkConfig(value: unknown): ParsedConfig {
  if (value instanceof Error) return { problems: [{ path: '', message: `is no YAML: ${value.message}` }] };
  const result = v.safeParse(configSchema, value ?? {});
  if (result.success) return { config: result.output };
  return { problems: result.issues.slice(0, maxProblems).map(problemOf) };
}

function plain(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error : new Error('it cannot be read');
  }
}

function problemOf(issue: v.BaseIssue<unknown>): ConfigProblem {
  const path = (issue.path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  if (issue.type !== 'strict_object') return { path, message: issue.message };
  return { path, message: issue.expected === 'never' ? 'is no key that is known here' : 'is missing' };
}
