import { accessLog } from '../../slo/index.ts';
import type { LogColumns } from '../storage/store.ts';
import { stringAt } from '../telemetry/columns.ts';
import { isZeroId, toHex } from '../telemetry/ids.ts';
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
/** Longer texts are cut: a template is a name, not a document. */
const MAX_TEXT = 120;

/** The lines of a page of logs. */
export function logLines(columns: LogColumns, length: number): LogLine[] {
  return Array.from({ length }, (_, i) => ({
    timeUnixNano: columns.timeUnixNano[i]!,
    severityNumber: columns.severityNumber[i]!,
    traceId: isZeroId(columns.traceId, i * 16, 16) ? '' : toHex(columns.traceId, i * 16, 16),
    spanId: isZeroId(columns.spanId, i * 8, 8) ? '' : toHex(columns.spanId, i * 8, 8),
    template: templateOf(columns, i),
  }));
}

/** Level, caller and message where the line names its caller, as zap's do; else level and the masked body. */
function templateOf(columns: LogColumns, i: number): Template {
  const attributes = columns.attributes[i] ?? {};
  const file = plain(attributes['code.file.path']);
  const line = plain(attributes['code.line.number']);
  const caller = plain(attributes['caller']) || [file, line].filter((part) => part).join(':');
  const body = stringAt(columns.body, i);
  const text = (caller === '' ? mask(body) : body).slice(0, MAX_TEXT);
  const level = LEVELS[Math.ceil((columns.severityNumber[i] ?? 0) / 4)] ?? '';
  const access = body === accessLog.message && attributes[accessLog.durationMs] !== undefined;
  return { key: [level, caller, text].join('\u0000'), level, caller, text, access };
}

/** The words of a line without its values: quoted text, ids, addresses and numbers become `<*>`. */
export function mask(body: string): string {
  return body
    .slice(0, 4 * MAX_TEXT)
    .replace(/"[^"]*"|'[^']*'/g, '<*>')
    .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '<*>')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, '<*>')
    .replace(/\d+(?:[.:,]\d+)*/g, '<*>')
    .replace(/(?:<\*>[.:/-]?)+(?=<\*>)/g, '');
}
