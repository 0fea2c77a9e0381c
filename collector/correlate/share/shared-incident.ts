import type { Incident } from '../incident.ts';

/** One row of a waterfall; times in milliseconds from the trace's start. */
export interface SharedSpan {
  depth: number;
  label: string;
  service: string;
  startMs: number;
  durationMs: number;
  failed: boolean;
}

/** A trace as a waterfall: the longest of its spans, parents before children. */
export interface SharedTrace {
  /** Lower-case hex. */
  traceId: string;
  /** Nanoseconds since the Unix epoch, decimal. */
  startUnixNano: string;
  durationMs: number;
  spans: SharedSpan[];
  /** Spans of the trace that are stored: the rows may be fewer. */
  stored: number;
}

export interface SharedLog {
  /** Nanoseconds since the Unix epoch, decimal. */
  timeUnixNano: string;
  /** `WARN`; '' when the line says none. */
  level: string;
  service: string;
  /** Lower-case hex, '' when the line carries none. */
  traceId: string;
  body: string;
  /** A finding refers to it; the others are lines of the lead trace. */
  isEvidence: boolean;
}

/** An incident with what a reader without the collector needs of its store. */
export interface SharedIncident {
  incident: Incident;
  leadTrace?: SharedTrace;
  logs: SharedLog[];
  /** Log lines that the store has of the same traces: `logs` may hold fewer. */
  logsMatched: number;
  /** What could not be read, in sentences. */
  missing: string[];
}

/** Writes an incident in one format. Pure; text of telemetry is escaped as the format needs it. */
export type RenderIncident = (shared: SharedIncident) => string;
