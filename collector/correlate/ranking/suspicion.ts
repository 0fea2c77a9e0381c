import type { Reference } from '../incident.ts';

/** What speaks against a service; each family is one file of the same signature, over records or over series. */
const FAMILIES = [
  'failures',
  'logs',
  'log-rate',
  'calls',
  'network',
  'dependency',
  'self-time',
  'cpu',
  'memory',
] as const;
export type Family = (typeof FAMILIES)[number];

/** One thing that speaks against a service, with its numbers. */
export interface Suspicion {
  service: string;
  family: Family;
  /** Strength in the family's own unit. */
  strength: number;
  /** What it is about: a log key, a callee, an operation, an instance. */
  about: string;
  /** One sentence with numbers. */
  statement: string;
  baseline: { value: number; n: number };
  incident: { value: number; n: number };
  references: Reference[];
  /** Of a log line: the lines of its request before and after it. */
  between?: [string, string];
}
