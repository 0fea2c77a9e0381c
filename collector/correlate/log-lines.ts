import { accessLog, spanAttribute } from '../../slo/index.ts';
import type { FindLogsQuery, LogColumns, Store } from '../storage/store.ts';
import { stringAt } from '../telemetry/columns.ts';
import { isZeroId, toHex } from '../telemetry/ids.ts';
import type { AttributeValue } from '../telemetry/model.ts';
import { messageTemplate } from '../telemetry/template.ts';
import type { EvidenceDeps } from './incident.ts';
import { templatesOf } from './ranking/drain.ts';
import { bounds } from './series.ts';
import { plain } from './spans.ts';

/** One log line as the evidence sees it. */
export interface LogLine {
  timeUnixNano: bigint;
  severityNumber: number;
  /** '' where the line carries none. */
  traceId: string;
  spanId: string;
  /** What lines of one place in the code share. */
  template: Template;
  /** The error that the line tells, its values masked; '' for none. */
  reason: string;
}

export interface Template {
  key: string;
  level: string;
  /** `cache/client.go:118`; '' when the line does not say. */
  caller: string;
  /** The message, or the body with its values masked. */
  text: string;
  /** The access line: it repeats the symptom and explains nothing. */
  access: boolean;
}

const LEVELS = ['', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
/** Lines of one reading: several for each trace of a cohort. */
export const MAX_LINES = 5_000;
const PAGE_LINES = 1_000;
/** Longer texts are cut: a template is a name, not a document. */
const MAX_TEXT = 120;

/** Lines that meet a query, page by page, up to the limit. */
export async function readLines(query: FindLogsQuery, store: Store, deps: EvidenceDeps): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let cursor: string | undefined;
  do {
    const options = { ...bounds(deps), limit: PAGE_LINES, ...(cursor === undefined ? {} : { cursor }) };
    const page = await store.findLogs(query, options);
    lines.push(...logLines(page.columns, page.count));
    cursor = page.nextCursor;
  } while (cursor !== undefined && lines.length < MAX_LINES);
  return lines;
}

/** A line that arrived twice (a file read again, an exporter's retry) counts once. */
export function distinct(lines: readonly LogLine[]): LogLine[] {
  const keyOf = (line: LogLine) =>
    [line.timeUnixNano, line.traceId, line.spanId, line.template.key].join('\u0000');
  return [...new Map(lines.map((line) => [keyOf(line), line])).values()].sort((a, b) =>
    a.timeUnixNano < b.timeUnixNano ? -1 : 1,
  );
}

/**
 * The lines of both sides, and beside each that names no place in the code the same line with the template of all
 * messages of its level that are like it: each of many users' lines is rare, together they are not.
 */
export function withTemplates(sides: readonly (readonly LogLine[])[]): LogLine[][] {
  const plainLines = sides.flat().filter(({ template }) => template.caller === '');
  const byLevel = new Map(
    [...Map.groupBy(plainLines, ({ template }) => template.level)].map(([level, lines]) => [
      level,
      templatesOf(lines.map(({ template }) => template.text)),
    ]),
  );
  return sides.map((lines) =>
    lines.flatMap((line) => {
      const { level, caller, text } = line.template;
      const joined = caller === '' ? byLevel.get(level)!.get(text)! : text;
      if (joined === text) return [line];
      const template = { ...line.template, text: joined, key: [level, caller, joined].join('\u0000') };
      return [line, { ...line, template }];
    }),
  );
}

/** The lines of a page of logs. */
function logLines(columns: LogColumns, length: number): LogLine[] {
  return Array.from({ length }, (_, i) => ({
    timeUnixNano: columns.timeUnixNano[i]!,
    severityNumber: columns.severityNumber[i]!,
    traceId: isZeroId(columns.traceId, i * 16, 16) ? '' : toHex(columns.traceId, i * 16, 16),
    spanId: isZeroId(columns.spanId, i * 8, 8) ? '' : toHex(columns.spanId, i * 8, 8),
    template: templateOf(columns, i),
    reason: reasonOf(columns.attributes[i]?.[spanAttribute.exceptionMessage]),
  }));
}

function reasonOf(message: AttributeValue | undefined): string {
  return messageTemplate(plain(message)).slice(0, MAX_TEXT);
}

/** Level, caller and message where the line names its caller, as zap's do; else level and the masked body. */
function templateOf(columns: LogColumns, i: number): Template {
  const attributes = columns.attributes[i] ?? {};
  const file = plain(attributes['code.file.path']);
  const line = plain(attributes['code.line.number']);
  const caller = plain(attributes['caller']) || [file, line].filter((part) => part).join(':');
  const body = stringAt(columns.body, i);
  const text = (caller === '' ? messageTemplate(body) : body).slice(0, MAX_TEXT);
  const level = LEVELS[Math.ceil((columns.severityNumber[i] ?? 0) / 4)] ?? '';
  const access = body === accessLog.message && attributes[accessLog.durationMs] !== undefined;
  return { key: [level, caller, text].join('\u0000'), level, caller, text, access };
}
