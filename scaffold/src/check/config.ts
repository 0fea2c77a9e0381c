import { join } from 'node:path';
import * as v from 'valibot';
import { parse, YAMLParseError } from 'yaml';
import {
  isAtLeast,
  type RuleSettings,
  type Severities,
  type Severity,
  severities,
} from '../../../images/index.ts';
import { nearest } from '../../../slo/index.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { usage } from '../errors.ts';

/** The gate's configuration: read once, every key with a default. */
export type GateConfig = {
  settings: RuleSettings;
  severities: Severities;
  /** Findings below it do not fail the gate. */
  failOn: Severity;
};

/** Looked for in the folder of the context, in this order. hadolint's own file is honoured as it is. */
const configFiles = ['.go-sre-check.yaml', '.hadolint.yaml', '.hadolint.yml'] as const;

const codes = v.array(v.string('must be the code of a rule'), 'must be a list of codes');
const severity = v.picklist(severities, `must be one of ${severities.join(', ')}`);
const labelKinds = ['text', 'rfc3339', 'semver', 'url', 'hash', 'spdx', 'email'] as const;

const Schema = v.strictObject({
  ignored: v.optional(codes, []),
  override: v.optional(
    v.strictObject({
      error: v.optional(codes, []),
      warning: v.optional(codes, []),
      info: v.optional(codes, []),
      style: v.optional(codes, []),
    }),
    {},
  ),
  trustedRegistries: v.optional(v.array(v.string('must be a registry'), 'must be a list of registries')),
  'label-schema': v.optional(
    v.record(v.string(), v.picklist(labelKinds, `must be one of ${labelKinds.join(', ')}`)),
    {},
  ),
  'strict-labels': v.optional(v.boolean('must be true or false'), false),
  'failure-threshold': v.optional(severity, 'style'),
  // hadolint's words for what flags say here; they are read and change nothing.
  format: v.optional(v.string()),
  'no-color': v.optional(v.boolean()),
  'no-fail': v.optional(v.boolean()),
  'disable-ignore-pragma': v.optional(v.boolean()),
  disableIgnorePragma: v.optional(v.boolean()),
});

/**
 * Reads a configuration: the named file, or the first of `configFiles` that lies in the folder, or none.
 * @param known codes of all rules; others are refused, but for ShellCheck's
 * @throws CliError (exit code 2) that lists every problem with its path
 */
export async function readGateConfig(
  named: string | undefined,
  folder: string,
  known: readonly string[],
  disk: Pick<Disk, 'readFile'>,
): Promise<GateConfig> {
  for (const file of named === undefined ? configFiles.map((name) => join(folder, name)) : [named]) {
    const bytes = await readIfThere(file, disk);
    if (bytes !== undefined) return parseGateConfig(bytes.toString(), file, known);
    if (named !== undefined)
      throw usage(`There is no ${file}. --config names a file of rules to ignore or to weigh otherwise.`);
  }
  return parseGateConfig('', '', known);
}

/** As `readGateConfig`, of a text. @param file what the problems call it */
function parseGateConfig(text: string, file: string, known: readonly string[]): GateConfig {
  const value = yamlOf(text, file);
  if (Array.isArray(value)) throw usage(`${file} must be a mapping of keys, not a list.`);
  const parsed = v.safeParse(Schema, value);
  if (!parsed.success) throw usage(`${file} is not right:\n${parsed.issues.map(tell).join('\n')}`);
  const { ignored, override, trustedRegistries, ...rest } = parsed.output;
  refuseUnknown(file, known, { ignored, ...prefixed(override) });
  const weighed = severities.flatMap((name) => override[name].map((code) => [code, name] as const));
  return {
    settings: {
      trustedRegistries,
      labelSchema: new Map(Object.entries(rest['label-schema'])),
      strictLabels: rest['strict-labels'],
    },
    severities: new Map([...weighed, ...ignored.map((code) => [code, 'off'] as const)]),
    failOn: rest['failure-threshold'],
  };
}

function yamlOf(text: string, file: string): unknown {
  try {
    return parse(text) ?? {};
  } catch (error) {
    if (error instanceof YAMLParseError) throw usage(`${file} is no YAML: ${error.message.split('\n')[0]}`);
    throw error;
  }
}

function tell(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? '(the file)';
  if (issue.type !== 'strict_object') return `  ${path}: ${issue.message}`;
  if (issue.expected !== 'never') return `  ${path}: must be a mapping of keys`;
  const key = path.split('.').at(-1)!;
  const near = nearest(key, Object.keys(Schema.entries));
  return `  ${path}: there is no such key.${near === undefined ? '' : ` Did you mean ${near}?`}`;
}

function prefixed(lists: Readonly<Record<string, readonly string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [`override.${name}`, list]));
}

/** ShellCheck's codes stand in hadolint's files, and nothing here finds them. */
function refuseUnknown(
  file: string,
  known: readonly string[],
  lists: Readonly<Record<string, readonly string[]>>,
): void {
  const problems = Object.entries(lists).flatMap(([path, list]) =>
    list.flatMap((code, i) => {
      if (known.includes(code) || /^SC\d{4}$/.test(code)) return [];
      const near = nearest(code, known);
      return [
        `  ${path}[${i}]: there is no rule ${code}.${near === undefined ? '' : ` Did you mean ${near}?`}`,
      ];
    }),
  );
  if (problems.length > 0) throw usage(`${file} is not right:\n${problems.join('\n')}`);
}

/** Whether a finding of this severity fails the gate. */
export function fails(found: Severity, failOn: Severity): boolean {
  return isAtLeast(found, failOn);
}
