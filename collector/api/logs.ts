import { spanAttribute } from '../../slo/index.ts';
import { attributeText } from '../storage/attribute-text.ts';
import type { FindLogsQuery, LogColumns, Page } from '../storage/store.ts';
import { stringAt } from '../telemetry/columns.ts';
import { isZeroId, SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../telemetry/ids.ts';
import { attributeList } from './attributes.ts';
import type { Handler } from './deps.ts';
import { attributesOf, oneOf, optionsOf, rangeOf, traceIdOf } from './params.ts';
import type { LogsBody } from './types.ts';

/** Lowest severity number of each level. Source: the OpenTelemetry logs data model. */
const LEVELS = { any: 0, trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 } as const;
type Level = keyof typeof LEVELS;
const LEVEL_NAMES = Object.keys(LEVELS) as Level[];

/** 1 ns to the end of what a signed 64-bit count of nanoseconds holds: "whenever it was". */
const ALWAYS = { fromUnixNano: 0n, toUnixNano: 2n ** 63n - 1n };

function levelOf(severityNumber: number): string {
  return LEVEL_NAMES.findLast((level) => severityNumber >= LEVELS[level] && LEVELS[level] > 0) ?? 'unknown';
}

function idAt(ids: Uint8Array, i: number, bytes: number): string {
  return isZeroId(ids, i * bytes, bytes) ? '' : toHex(ids, i * bytes, bytes);
}

function callerOf(c: LogColumns, i: number): string {
  const attributes = c.attributes[i] ?? {};
  const file = attributeText(attributes[spanAttribute.codeFilePath]);
  const line = attributeText(attributes[spanAttribute.codeLineNumber]);
  return file && line ? `${file}:${line}` : file;
}

function bodyOf(page: Page<LogColumns>): LogsBody {
  const c = page.columns;
  return {
    matched: page.matched,
    examined: page.examined,
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    logs: Array.from({ length: page.count }, (_, i) => ({
      timeUnixNano: String(c.timeUnixNano[i] ?? 0n),
      severityNumber: c.severityNumber[i] ?? 0,
      level: levelOf(c.severityNumber[i] ?? 0),
      service: stringAt(c.service, i),
      traceId: idAt(c.traceId, i, TRACE_ID_BYTES),
      spanId: idAt(c.spanId, i, SPAN_ID_BYTES),
      body: stringAt(c.body, i),
      caller: callerOf(c, i),
      attributes: attributeList(c.attributes[i] ?? {}),
    })),
  };
}

/** GET /api/v1/logs: log lines that meet every condition. */
export const findLogs: Handler = async (request, deps): Promise<LogsBody> => {
  const { service, q, template, trace } = request.query;
  const level = oneOf(request, 'level', LEVEL_NAMES, 'any');
  const attributes = attributesOf(request);
  const query: FindLogsQuery = {
    ...rangeOf(request, deps.clock),
    order: oneOf(request, 'order', ['newest', 'oldest'], 'newest'),
    ...(service ? { service } : {}),
    ...(q ? { text: q } : {}),
    ...(template ? { template } : {}),
    ...(trace ? { traceIds: [traceIdOf(trace)] } : {}),
    ...(LEVELS[level] > 0 ? { minSeverityNumber: LEVELS[level] } : {}),
    ...(attributes ? { attributes } : {}),
  };
  return bodyOf(await deps.store.findLogs(query, optionsOf(request)));
};

/** GET /api/v1/traces/:traceId/logs: every log line of one trace in the order of time. */
export const getTraceLogs: Handler = async (request, deps): Promise<LogsBody> => {
  const traceIds = [traceIdOf(request.params['traceId'] ?? '')];
  return bodyOf(await deps.store.findLogs({ ...ALWAYS, traceIds, order: 'oldest' }, optionsOf(request)));
};
