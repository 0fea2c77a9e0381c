// What was recorded, as frames that can be played again in another order and at another time.
import { decodeLogLine } from '../../collector/formats/log-line/decode-log-line.ts';
import { type OtlpMessage, tracesCodec } from '../../collector/formats/otlp-protobuf/messages.ts';
import { toLogsMessage } from '../../collector/formats/otlp-protobuf/to-messages.ts';
import { toHex } from '../../collector/telemetry/ids.ts';
import { resourceAttribute } from '../../slo/index.ts';
import { readExposition, type ShownExemplar } from './exposition.ts';
import { type Growth, growthOf } from './growth.ts';

/** What a process was doing while it was recorded. */
export type Doing = 'usual' | 'debug' | 'start' | 'fault';

/** A stretch of one process that was recorded: its scrapes, all the same time apart. */
export interface Segment {
  /** service.instance.id of its spans. */
  instance: string;
  doing: Doing;
  /** True when every trace was stored. */
  isWhole: boolean;
  scrapes: { atUnixNano: bigint; body: Uint8Array }[];
  /** True when the process started with the first frame: its counters began at 0. */
  fromStart: boolean;
}

/** What came in while services were recorded. */
export interface Recorded {
  segments: Segment[];
  /** OTLP requests of spans, as protobuf. */
  traces: Uint8Array[];
  /** Text of the log of each instance. */
  logs: Map<string, Uint8Array>;
}

export type SpanMessage = OtlpMessage<'Span'>;
export type LogMessage = OtlpMessage<'LogRecord'>;

/** One request: all that has its trace id, or one line that has none. */
export interface Unit {
  /** When the first of it happened. */
  atUnixNano: bigint;
  spans: SpanMessage[];
  logs: LogMessage[];
  exemplars: ShownExemplar[];
}

/** What one process did between two scrapes. */
export interface Frame {
  fromUnixNano: bigint;
  growth: Growth;
  units: Unit[];
}

/** Frames that follow each other. */
export interface Run {
  doing: Doing;
  isWhole: boolean;
  /** Requests a second, the mean of all frames. */
  perSecond: number;
  frames: Frame[];
}

/** Makes runs of what was recorded; telemetry outside the segments is left out. */
export function runsOf(
  recorded: Recorded,
  frameSeconds: number,
  isRequest: (name: string) => boolean,
): Run[] {
  const spans = spansByInstance(recorded.traces);
  return recorded.segments.map(({ instance, doing, isWhole, scrapes, fromStart }) => {
    const read = scrapes.map(({ atUnixNano, body }) => readExposition(body, atUnixNano));
    const first = BigInt(Math.round(frameSeconds * 1e9));
    const frames: Frame[] = [];
    for (let i = fromStart ? 0 : 1; i < read.length; i++) {
      const fromUnixNano = scrapes[i - 1]?.atUnixNano ?? scrapes[0]!.atUnixNano - first;
      frames.push({ fromUnixNano, growth: growthOf(read[i - 1], read[i]!), units: [] });
    }
    const shown = read.flatMap(({ exemplars }) => exemplars);
    const units = unitsOf(spans.get(instance) ?? [], linesOf(recorded.logs.get(instance)), shown);
    const end = scrapes.at(-1)?.atUnixNano ?? 0n;
    for (const unit of units) {
      if (unit.atUnixNano < end)
        frames.findLast(({ fromUnixNano }) => fromUnixNano <= unit.atUnixNano)?.units.push(unit);
    }
    const requests = frames
      .flatMap(({ growth }) => [...growth.distributions.values()])
      .reduce((sum, one) => sum + (isRequest(one.name) ? one.count : 0), 0);
    return { doing, isWhole, perSecond: requests / (frames.length * frameSeconds), frames };
  });
}

function spansByInstance(bodies: readonly Uint8Array[]): Map<string, SpanMessage[]> {
  const found = new Map<string, SpanMessage[]>();
  for (const { resource, scopeSpans = [] } of bodies.flatMap(
    (body) => tracesCodec.decode(body).resourceSpans ?? [],
  )) {
    const named = resource?.attributes?.find(({ key }) => key === resourceAttribute.serviceInstanceId);
    const instance = named?.value?.stringValue ?? '';
    const own = found.get(instance) ?? [];
    found.set(instance, own);
    own.push(...scopeSpans.flatMap(({ spans = [] }) => spans));
  }
  return found;
}

function linesOf(log: Uint8Array | undefined): LogMessage[] {
  const lines = Buffer.from(log ?? [])
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  const records = lines.map((line) => decodeLogLine(Buffer.from(line), {}));
  const { resourceLogs = [] } = toLogsMessage(records);
  return resourceLogs.flatMap(({ scopeLogs = [] }) => scopeLogs.flatMap(({ logRecords = [] }) => logRecords));
}

function unitsOf(
  spans: readonly SpanMessage[],
  logs: readonly LogMessage[],
  exemplars: readonly ShownExemplar[],
): Unit[] {
  const byTrace = new Map<string, Unit>();
  const alone: Unit[] = [];
  const unitOf = (traceId: Uint8Array | undefined, atUnixNano: bigint): Unit => {
    const key = toHex(traceId ?? new Uint8Array(0));
    const unit = byTrace.get(key) ?? { atUnixNano, spans: [], logs: [], exemplars: [] };
    if (atUnixNano < unit.atUnixNano) unit.atUnixNano = atUnixNano;
    if (key === '') alone.push(unit);
    else byTrace.set(key, unit);
    return unit;
  };
  for (const span of spans) unitOf(span.traceId, span.startTimeUnixNano ?? 0n).spans.push(span);
  for (const line of logs) unitOf(line.traceId, line.timeUnixNano ?? 0n).logs.push(line);
  // A scrape shows an exemplar again until there is a newer one.
  for (const one of new Map(
    exemplars.map((each) => [`${each.histogram} ${toHex(each.traceId)}`, each]),
  ).values())
    byTrace.get(toHex(one.traceId))?.exemplars.push(one);
  return [...byTrace.values(), ...alone];
}
