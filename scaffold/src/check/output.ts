import { resolve } from 'node:path';
import { type Finding, type ReportFormat, type ReportMeta, reportFormats } from '../../../images/index.ts';
import { nearest } from '../../../slo/index.ts';
import type { GoSreDeps } from '../command.ts';
import { readIfThere } from '../disk.ts';
import { usage } from '../errors.ts';
import { writeFiles } from '../write-files.ts';

const formats = Object.keys(reportFormats) as ReportFormat[];

/** The flags of every command that tells findings. */
export const reportFlags = {
  format: { type: 'string', value: 'FORMAT', does: `${formats.join(', ')} (default: text)` },
  json: { type: 'boolean', does: 'as --format json' },
  output: { type: 'string', value: 'FILE', does: 'write the report there, and the text to standard output' },
} as const;

/** @throws CliError (exit code 2) for a word that names no format */
export function reportFormat(values: {
  format?: string | undefined;
  json?: boolean | undefined;
}): ReportFormat {
  const word = values.format ?? (values.json ? 'json' : 'text');
  const found = formats.find((format) => format === word);
  if (found !== undefined) return found;
  const near = nearest(word, formats);
  throw usage(
    `--format is one of ${formats.join(', ')}, not ${JSON.stringify(word)}.${near ? ` Did you mean ${near}?` : ''}`,
  );
}

/**
 * Tells the findings: on standard output, or in a file and, as text, on standard output.
 * @throws CliError (exit code 1) when the file cannot be written
 */
export async function tellFindings(
  findings: readonly Finding[],
  meta: ReportMeta,
  { format, file }: { format: ReportFormat; file: string | undefined },
  deps: GoSreDeps,
): Promise<void> {
  const report = reportFormats[format](findings, meta);
  if (file === undefined) {
    deps.stdout.write(report);
    return;
  }
  const path = resolve(deps.cwd, file);
  const before = await readIfThere(path, deps.disk);
  const change = { path: path.split(/[\\/]/).at(-1)!, before, after: Buffer.from(report) };
  await writeFiles(resolve(path, '..'), [change], deps.disk);
  if (format !== 'text') deps.stdout.write(reportFormats.text(findings, meta));
}
